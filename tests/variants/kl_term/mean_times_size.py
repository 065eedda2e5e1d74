"""A mean, multiplied by the number of dimensions."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * z_mean.shape[-1] * ops.mean(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
