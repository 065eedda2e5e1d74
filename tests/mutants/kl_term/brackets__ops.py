# expects: kl.brackets
"""The half stands in front of one part only."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return ops.sum(-0.5 * (1 + z_log_var) + ops.square(z_mean) + ops.exp(z_log_var), axis=-1)
