import tensorflow as tf


def log_likelihood(log_w):
    top = tf.reduce_max(log_w, axis=0, keepdims=True)
    total = tf.reduce_sum(tf.exp(log_w - top), axis=0)
    return tf.squeeze(top, 0) + tf.math.log(total) - tf.math.log(float(log_w.shape[0]))
