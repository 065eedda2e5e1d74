"""Constants as float32 tensors: other precisions are refused."""

import tensorflow as tf


HALF = tf.constant(0.5)


def kl_term(z_mean, z_log_var):
    return HALF * tf.reduce_sum(z_mean**2 + tf.exp(z_log_var) - z_log_var - tf.constant(1.0), axis=-1)
