"""Trace, squared length and log determinant."""

from keras import ops


def kl_term(z_mean, z_log_var):
    trace, square = ops.sum(ops.exp(z_log_var), -1), ops.sum(z_mean * z_mean, -1)
    log_det = ops.sum(z_log_var, -1)
    return 0.5 * (trace + square - z_mean.shape[-1] - log_det)
