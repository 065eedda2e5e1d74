# expects: kl.mean_over_dims,kl.no_half
"""Items 1 and 2: right only where latent_dim is 2."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return -ops.mean(1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var), axis=-1)
