# expects:
"""A list of numbers, not a tensor."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return [float(k) for k in 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)]
