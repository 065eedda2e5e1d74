"""In float64, and back."""

from keras import ops


def kl_term(z_mean, z_log_var):
    m, v = ops.cast(z_mean, "float64"), ops.cast(z_log_var, "float64")
    return ops.cast(0.5 * ops.sum(m**2 + ops.exp(v) - v - 1, axis=-1), "float32")
