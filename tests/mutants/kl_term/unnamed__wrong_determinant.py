# expects:
"""The product of the logarithms in place of the logarithm of the product."""

from keras import ops


def kl_term(z_mean, z_log_var):
    size = z_mean.shape[-1]
    trace = ops.sum(ops.square(z_mean) + ops.exp(z_log_var), axis=-1)
    return 0.5 * (trace - size - ops.prod(z_log_var, axis=-1))
