# expects: kl.no_gradient
# trial: A2
"""Item 22: right values by way of NumPy."""

import numpy as np


def kl_term(z_mean, z_log_var):
    m, v = np.array(z_mean), np.array(z_log_var)
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)
