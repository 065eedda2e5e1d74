# expects: kl.sign,kl.no_half
"""Items 2 and 3 together."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return ops.sum(1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var), axis=-1)
