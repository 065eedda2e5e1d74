"""The log variance clipped where nothing comes."""

from keras import ops


def kl_term(z_mean, z_log_var):
    v = ops.clip(z_log_var, -30.0, 20.0)
    return 0.5 * ops.sum(z_mean**2 + ops.exp(v) - 1 - v, axis=1)
