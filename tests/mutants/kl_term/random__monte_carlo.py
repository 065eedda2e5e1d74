# expects: kl.random
"""A Monte Carlo estimate with one sample."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    eps = tf.random.normal(tf.shape(z_mean))
    z = z_mean + tf.exp(0.5 * z_log_var) * eps
    return tf.reduce_sum(0.5 * z**2 - 0.5 * eps**2 - 0.5 * z_log_var, axis=-1)
