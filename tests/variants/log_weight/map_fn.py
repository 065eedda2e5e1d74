import math

import tensorflow as tf


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    def one(pair):
        code, p = pair
        log_p_x = tf.reduce_sum(tf.math.xlogy(x, p) + tf.math.xlog1py(1 - x, -p), -1)
        return log_p_x + density(code, 0.0, tf.zeros_like(z_log_var)) - density(code, z_mean, z_log_var)

    def density(value, mean, log_var):
        return -0.5 * tf.reduce_sum((value - mean) ** 2 * tf.exp(-log_var) + log_var + math.log(2 * math.pi), -1)

    return tf.map_fn(one, (z, x_decoded), fn_output_signature=tf.float32)
