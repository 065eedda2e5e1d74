import math

import tensorflow as tf


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    logits = tf.math.log(x_decoded) - tf.math.log1p(-x_decoded)
    x = tf.broadcast_to(x, tf.shape(x_decoded))
    log_p_x = -tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits), -1)
    epsilon = (z - z_mean) / tf.exp(0.5 * z_log_var)
    return log_p_x + 0.5 * tf.reduce_sum(epsilon**2 + z_log_var - z**2, -1)
