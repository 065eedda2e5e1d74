import tensorflow as tf


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    def step(_, inputs):
        code, p = inputs
        log_p_x = tf.reduce_sum(x * tf.math.log(p) + (1 - x) * tf.math.log1p(-p), axis=-1)
        ratio = (code - z_mean) ** 2 * tf.exp(-z_log_var) + z_log_var - code**2
        return log_p_x + 0.5 * tf.reduce_sum(ratio, axis=-1)

    return tf.scan(step, (z, x_decoded), initializer=tf.zeros(tf.shape(x)[0]))
