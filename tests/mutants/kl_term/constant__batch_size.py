# expects: kl.constant
"""The number of images stands where that of the latent dimensions belongs."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return 0.5 * (ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var, axis=-1) - len(z_mean))
