# expects: kl.constant
"""The constant is taken once, not once for each dimension."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * (tf.reduce_sum(tf.square(z_mean) + tf.exp(z_log_var) - z_log_var, axis=-1) - 1)
