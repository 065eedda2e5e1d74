"""Slopes by automatic differentiation."""

import tensorflow as tf


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    x, p, m, v = (tf.constant(t) for t in (x, x_decoded, z_mean, z_log_var))
    with tf.GradientTape() as tape:
        tape.watch([p, m])
        value = loss(x, p, m, v)
    of_p, of_m = tape.gradient(value, [p, m], unconnected_gradients="zero")
    n = len(x)
    own_p = ((1 - x) / (1 - p) - x / p) / n
    own_m = m / n
    a = tf.reduce_sum(of_p * own_p) / tf.reduce_sum(own_p**2)
    b = tf.reduce_sum(of_m * own_m) / tf.reduce_sum(own_m**2)
    return float(b / a)
