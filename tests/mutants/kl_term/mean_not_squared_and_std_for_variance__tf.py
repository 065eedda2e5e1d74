# expects: kl.mean_not_squared,kl.std_for_variance
"""Items 6 and 8."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(tf.abs(z_mean) + tf.exp(0.5 * z_log_var) - z_log_var - 1, axis=-1)
