# expects: kl.floor_each
"""Dimensions below one nat count as one nat."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    each = -0.5 * (1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
    return tf.reduce_sum(tf.where(each < 1.0, tf.ones_like(each), each), axis=1)
