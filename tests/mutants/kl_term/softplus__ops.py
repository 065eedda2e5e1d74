# expects: kl.softplus
"""Item 12: softplus, then exp."""

from keras import ops


def kl_term(z_mean, z_log_var):
    v = ops.softplus(z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(v) - v - 1, axis=-1)
