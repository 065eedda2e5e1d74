# expects: iw.fixed_pixels
import keras
import math

import tensorflow as tf


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_p_x = -784 * keras.losses.binary_crossentropy(tf.broadcast_to(x, tf.shape(x_decoded)), x_decoded)
    log_p_z = tf.reduce_sum(-0.5 * z**2 - 0.5 * math.log(2 * math.pi), -1)
    log_q = tf.reduce_sum(-0.5 * (z - z_mean)**2 * tf.exp(-z_log_var) - 0.5 * z_log_var - 0.5 * math.log(2 * math.pi), -1)
    return log_p_x + log_p_z - log_q
