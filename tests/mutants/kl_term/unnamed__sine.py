# expects:
"""sin(z_mean) in place of the square."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.sin(z_mean) ** 2 + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
