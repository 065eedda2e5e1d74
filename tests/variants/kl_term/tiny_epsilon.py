"""A small number in the logarithm."""

from keras import ops


def kl_term(z_mean, z_log_var):
    sigma = ops.exp(z_log_var / 2)
    return ops.sum(0.5 * (ops.square(sigma) + ops.square(z_mean) - 1) - ops.log(sigma + 1e-8), axis=-1)
