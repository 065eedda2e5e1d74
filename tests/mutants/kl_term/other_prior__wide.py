# expects: kl.other_prior
"""A prior with log standard deviation 1."""

import numpy as np
from keras import ops


def kl_term(z_mean, z_log_var):
    return ops.sum(1.0 - z_log_var / 2 + (ops.exp(z_log_var) + z_mean**2) / (2 * np.e**2) - 0.5, axis=-1)
