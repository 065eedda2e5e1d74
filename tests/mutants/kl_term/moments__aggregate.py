# expects: kl.moments
"""The divergence of the batch's own mean and variance."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    mean, variance = tf.nn.moments(z_mean, axes=[0])
    return 0.5 * tf.reduce_sum(tf.square(mean) + variance - tf.math.log(variance + 1e-8) - 1)
