# expects: kl.mean_over_dims
"""Item 1: the mean over the latent dimensions."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * ops.mean(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
