# expects: kl.no_half
"""Item 2: minus one in front in place of minus a half."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return -tf.reduce_sum(1 + z_log_var - z_mean**2 - tf.exp(z_log_var), axis=-1)
