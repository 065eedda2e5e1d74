# expects:
"""Two values are returned."""

from keras import ops


def kl_term(z_mean, z_log_var):
    kl = 0.5 * (ops.exp(z_log_var) + z_mean**2 - 1 - z_log_var)
    return ops.sum(kl, axis=-1), kl
