"""With z_log_var clipped where exp would overflow."""

from keras import ops


def kl_term(z_mean, z_log_var):
    v = ops.clip(z_log_var, -20, 20)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(v) - v - 1, axis=-1)
