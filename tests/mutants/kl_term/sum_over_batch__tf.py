# expects: kl.sum_over_batch
"""Item 5: transposed before the sum."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    kl = -0.5 * (1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
    return tf.reduce_sum(tf.transpose(kl), axis=1)
