# expects: kl.log_base
"""log10 of the standard deviation where the natural logarithm belongs."""

import numpy as np
import tensorflow as tf


def kl_term(z_mean, z_log_var):
    std = tf.exp(0.5 * z_log_var)
    log_std = tf.math.log(std) / np.log(10)
    return tf.reduce_sum(0.5 * (z_mean**2 + std**2 - 1) - log_std, axis=-1)
