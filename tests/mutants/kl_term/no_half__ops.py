# expects: kl.no_half
"""Item 2: the half is missing."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
