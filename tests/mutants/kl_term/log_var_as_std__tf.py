# expects: kl.log_var_as_std
"""log_var taken for the standard deviation."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * tf.reduce_sum(tf.square(z_mean) + tf.square(z_log_var) - tf.math.log(tf.square(z_log_var)) - 1, axis=-1)
