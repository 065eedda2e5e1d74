"""Calls the loss with TensorFlow's tensors."""

import tensorflow as tf


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    x, p, m, v = (tf.convert_to_tensor(t) for t in (x, x_decoded, z_mean, z_log_var))
    zero, grey = tf.zeros_like(m), tf.fill(x.shape, 0.4)

    def kl(m, v):
        return tf.reduce_mean(tf.reduce_sum(tf.square(m) + tf.exp(v) - v - 1, axis=1)) / 2

    def bernoulli(p):
        return -tf.reduce_mean(tf.reduce_sum(x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p), axis=1))

    b = (loss(x, p, m, v) - loss(x, p, zero, zero)) / kl(m, v)
    a = (loss(x, p, zero, zero) - loss(x, grey, zero, zero)) / (bernoulli(p) - bernoulli(grey))
    return b / a
