# expects: kl.log_base
"""One logarithm is in bits."""

from keras import ops


def kl_term(z_mean, z_log_var):
    variance = ops.exp(z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + variance - ops.log2(variance) - 1, axis=-1)
