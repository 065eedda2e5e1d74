# expects:
"""The value of the first image for all."""

from keras import ops


def kl_term(z_mean, z_log_var):
    kl = 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
    return 0.0 * kl + kl[0]
