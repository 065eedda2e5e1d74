"""In float32 whatever comes in."""

from keras import ops


def kl_term(z_mean, z_log_var):
    m, v = ops.cast(z_mean, "float32"), ops.cast(z_log_var, "float32")
    return 0.5 * ops.sum(m**2 + ops.exp(v) - v - 1, axis=-1)
