# expects: kl.raw_log_var
"""log_var where the variance belongs: the two then cancel."""

from keras import ops


def kl_term(z_mean, z_log_var):
    variance = z_log_var
    return 0.5 * ops.sum(ops.square(z_mean) + variance - z_log_var - 1, axis=-1)
