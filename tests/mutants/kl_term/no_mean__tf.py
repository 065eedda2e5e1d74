# expects: kl.no_mean
"""The part with z_mean is missing."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(tf.exp(z_log_var) - z_log_var - 1 + 0 * z_mean, axis=-1)
