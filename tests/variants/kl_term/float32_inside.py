"""Cast to float32 first."""

from keras import ops


def kl_term(z_mean, z_log_var):
    m, v = ops.cast(z_mean, 'float32'), ops.cast(z_log_var, 'float32')
    return ops.sum((ops.exp(v) + m * m - 1 - v) * 0.5, axis=-1)
