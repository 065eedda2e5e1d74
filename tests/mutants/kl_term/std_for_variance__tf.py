# expects: kl.std_for_variance
"""Item 6: a variable called sigma, not squared."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    sigma = tf.sqrt(tf.exp(z_log_var))
    return -0.5 * tf.reduce_sum(1 + z_log_var - z_mean**2 - sigma, axis=-1)
