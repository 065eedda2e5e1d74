# expects:
"""The right formula on z_log_var clipped to (-3, 3)."""

from keras import ops


def kl_term(z_mean, z_log_var):
    v = ops.clip(z_log_var, -3, 3)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(v) - v - 1, axis=-1)
