# expects: kl.swapped
"""The arguments have changed places."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(tf.square(z_log_var) + tf.exp(z_mean) - z_mean - 1, axis=-1)
