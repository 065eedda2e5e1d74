# expects: kl.mean_not_squared
"""Item 8: z_mean is not squared."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum(z_mean + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
