# expects: kl.no_axis
"""Item 13: a mean without an axis."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return -0.5 * tf.reduce_mean(1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
