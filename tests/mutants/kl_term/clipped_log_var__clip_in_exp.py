# expects: kl.clipped_log_var
"""Item 11: clipped inside the exponential only."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(ops.maximum(z_log_var, 0)) - z_log_var - 1, axis=-1)
