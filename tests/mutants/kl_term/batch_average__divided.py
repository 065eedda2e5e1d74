# expects: kl.batch_average
"""Item 14: divided by the batch size, image by image."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1) / z_mean.shape[0]
