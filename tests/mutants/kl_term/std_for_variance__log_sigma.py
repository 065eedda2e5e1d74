# expects: kl.std_for_variance
"""Item 6: the standard deviation throughout."""

from keras import ops


def kl_term(z_mean, z_log_var):
    std = ops.exp(z_log_var / 2)
    return ops.sum(0.5 * (z_mean**2 + std - 1) - ops.log(std), axis=1)
