"""By way of the standard deviation, as in the general formula."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    std = tf.exp(0.5 * z_log_var)
    return tf.reduce_sum(-tf.math.log(std) + (std**2 + z_mean**2) / 2 - 0.5, axis=-1)
