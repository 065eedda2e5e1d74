# expects: kl.no_log_var
"""Item 7: the same, with the other sign convention."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return -0.5 * tf.reduce_sum(1 - tf.square(z_mean) - tf.exp(z_log_var), axis=-1)
