# expects: kl.mean_over_dims
"""Item 1: the Keras example's formula with reduce_mean."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return -0.5 * tf.reduce_mean(1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var), axis=1)
