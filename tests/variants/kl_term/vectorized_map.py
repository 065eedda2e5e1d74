"""Image by image."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return tf.vectorized_map(lambda p: 0.5 * tf.reduce_sum(p[0] ** 2 + tf.exp(p[1]) - p[1] - 1), (z_mean, z_log_var))
