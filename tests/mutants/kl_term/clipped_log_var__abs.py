# expects: kl.clipped_log_var
"""Item 11: the absolute value of log_var."""

from keras import ops


def kl_term(z_mean, z_log_var):
    v = ops.abs(z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(v) - v - 1, axis=-1)
