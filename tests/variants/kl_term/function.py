"""Compiled with tf.function."""

import tensorflow as tf


@tf.function
def kl_term(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(z_mean**2 + tf.exp(z_log_var) - z_log_var - 1, axis=-1)
