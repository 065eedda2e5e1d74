import math

import tensorflow as tf


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    def image(row):
        pixels, codes, mean, log_var, p = row
        log_p_x = tf.reduce_sum(pixels * tf.math.log(p) + (1 - pixels) * tf.math.log(1 - p), -1)
        return log_p_x + 0.5 * tf.reduce_sum((codes - mean) ** 2 / tf.exp(log_var) + log_var - codes**2, -1)

    by_image = (x, tf.transpose(z, (1, 0, 2)), z_mean, z_log_var, tf.transpose(x_decoded, (1, 0, 2)))
    return tf.transpose(tf.vectorized_map(image, by_image))
