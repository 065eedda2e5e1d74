"""tf.*, the Keras example's arrangement."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return -0.5 * tf.reduce_sum(1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var), axis=1)
