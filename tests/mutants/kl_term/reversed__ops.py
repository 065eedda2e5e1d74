# expects: kl.reversed
"""Item 9: the other direction."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum((1 + ops.square(z_mean)) * ops.exp(-z_log_var) - 1 + z_log_var, axis=-1)
