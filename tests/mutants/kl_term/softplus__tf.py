# expects: kl.softplus_or_constant
"""Item 12: softplus inside the exponential only."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(tf.square(z_mean) + tf.exp(tf.nn.softplus(z_log_var)) - z_log_var - 1, axis=-1)
