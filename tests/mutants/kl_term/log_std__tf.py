# expects: kl.log_std
"""Item 10: log_var read as log std throughout."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(z_mean**2 + tf.square(tf.exp(z_log_var)) - 2 * z_log_var - 1, axis=-1)
