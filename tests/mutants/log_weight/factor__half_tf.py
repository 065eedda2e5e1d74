# expects: iw.factor
import math

import tensorflow as tf


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_p_x = tf.reduce_sum(x * tf.math.log(x_decoded) + (1 - x) * tf.math.log(1 - x_decoded), -1)
    log_p_z = tf.reduce_sum(-0.5 * z**2 - 0.5 * math.log(2 * math.pi), -1)
    log_q = tf.reduce_sum(-0.5 * (z - z_mean)**2 * tf.exp(-z_log_var) - 0.5 * z_log_var - 0.5 * math.log(2 * math.pi), -1)
    return 0.5 * (log_p_x + log_p_z - log_q)
