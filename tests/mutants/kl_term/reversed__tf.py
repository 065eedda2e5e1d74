# expects: kl.reversed
"""Item 9: the general formula with the two Gaussians exchanged."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    sigma = tf.exp(z_log_var / 2)
    return tf.reduce_sum(tf.math.log(sigma) + (1 + z_mean**2) / (2 * sigma**2) - 0.5, axis=-1)
