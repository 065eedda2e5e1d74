# expects: kl.mean_over_dims
"""Item 1: each term averaged on its own."""

from keras import ops


def kl_term(z_mean, z_log_var):
    m2, var = z_mean**2, ops.exp(z_log_var)
    return (ops.mean(m2, axis=1) + ops.mean(var, axis=1) - ops.mean(z_log_var, axis=1) - 1) / 2
