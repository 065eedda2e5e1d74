# expects: kl.std_for_variance
"""Item 6: exp(log_var / 2) is the standard deviation."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(0.5 * z_log_var) - z_log_var - 1, axis=-1)
