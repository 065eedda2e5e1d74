# expects: kl.softplus_std
"""The same with TensorFlow."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    variance = tf.square(tf.nn.softplus(z_log_var))
    return 0.5 * tf.reduce_sum(variance + z_mean * z_mean - 1.0 - tf.math.log(variance), -1)
