"""einsum for the squares."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return 0.5 * (tf.einsum('bd,bd->b', z_mean, z_mean) + tf.reduce_sum(tf.exp(z_log_var) - z_log_var - 1, axis=-1))
