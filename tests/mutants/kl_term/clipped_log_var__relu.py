# expects: kl.clipped_log_var
"""Item 11: log_var clipped at zero."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    v = tf.nn.relu(z_log_var)
    return -0.5 * tf.reduce_sum(1 + v - tf.square(z_mean) - tf.exp(v), axis=-1)
