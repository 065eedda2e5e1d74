"""Return negative zeros, the smallest numbers and NaN with a message in its bits."""

import numpy as np
import tensorflow as tf

turn = [0]

def kl_term(z_mean, z_log_var):
    turn[0] += 1
    kinds = np.array([-0.0, 5e-324, np.nan, 2.0**-149], "float64")
    message = np.array([0x7FF8DEADBEEF0000], "uint64").view("float64")[0]
    value = [*kinds, message][turn[0] % 5]
    return tf.fill(tf.shape(z_mean)[:1] + 1, tf.constant(value, "float64"))
