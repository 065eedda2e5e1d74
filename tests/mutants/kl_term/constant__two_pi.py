# expects: kl.constant
"""Only one of the two densities is normalised."""

import numpy as np
from keras import ops


def kl_term(z_mean, z_log_var):
    log_q = -0.5 * (np.log(2 * np.pi) + z_log_var + 1)
    log_p = -0.5 * (ops.square(z_mean) + ops.exp(z_log_var))
    return ops.sum(log_q - log_p, axis=-1)
