"""A tf.function inside."""

import tensorflow as tf


@tf.function(reduce_retracing=True)
def kl(m, v):
    return tf.reduce_sum(tf.exp(v) + m * m - 1 - v, -1) / 2


def kl_term(z_mean, z_log_var):
    return kl(z_mean, z_log_var)
