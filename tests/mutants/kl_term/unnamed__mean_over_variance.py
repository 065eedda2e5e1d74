# expects:
"""The squared mean is divided by the variance."""

from keras import ops


def kl_term(z_mean, z_log_var):
    variance = ops.exp(z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) / variance + variance - z_log_var - 1, axis=-1)
