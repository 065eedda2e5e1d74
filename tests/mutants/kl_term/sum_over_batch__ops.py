# expects: kl.sum_over_batch
"""Item 5: summed over axis 0."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=0)
