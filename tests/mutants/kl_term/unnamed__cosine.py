# expects:
"""Neither a KL nor near one."""

import tensorflow as tf


def kl_term(z_mean, z_log_var):
    return tf.reduce_sum(tf.cos(z_mean) * z_log_var, axis=-1)
