# expects:
"""The means of the batch are taken off first."""

from keras import ops


def kl_term(z_mean, z_log_var):
    z_mean = z_mean - ops.mean(z_mean, axis=0)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
