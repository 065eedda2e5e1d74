"""A millionth in the logarithm of the standard deviation."""

from keras import ops


def kl_term(z_mean, z_log_var):
    std = ops.exp(0.5 * z_log_var)
    return ops.sum(0.5 * (ops.square(std) + ops.square(z_mean) - 1) - ops.log(std + 1e-6), axis=-1)
