# expects: kl.left_out
"""Item 4: switched off with a weight of zero."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.0 * tf.reduce_sum(tf.square(z_mean) + tf.exp(z_log_var) - z_log_var - 1, axis=-1)
