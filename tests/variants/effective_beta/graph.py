"""Compiles the loss, and takes slopes of it in the graph."""

import tensorflow as tf


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    n = len(x)

    @tf.function
    def slopes(x, p, m, v):
        with tf.GradientTape() as tape:
            tape.watch([p, v])
            value = loss(x, p, m, v)
        return tape.gradient(value, [p, v])

    of_p, of_v = slopes(*(tf.constant(t) for t in (x, x_decoded, z_mean, z_log_var)))
    own_p = ((1 - x) / (1 - x_decoded) - x / x_decoded) / n
    own_v = 0.5 * (tf.exp(z_log_var) - 1) / n
    a = tf.reduce_sum(of_p * own_p) / tf.reduce_sum(own_p**2)
    b = tf.reduce_sum(of_v * own_v) / tf.reduce_sum(own_v**2)
    return float(b / a)
