# expects: kl.discrete
"""The sum of p log(p / q) over two lists."""

from keras import ops


def kl_term(z_mean, z_log_var):
    p, q = ops.clip(z_mean, 1e-7, 1), ops.clip(z_log_var, 1e-7, 1)
    return ops.sum(p * ops.log(p / q), axis=-1)
