import tensorflow as tf


def log_likelihood(log_w):
    top, total = log_w[0], tf.ones_like(log_w[0])
    for row in tf.unstack(log_w[1:]):
        higher = tf.maximum(top, row)
        total = total * tf.exp(top - higher) + tf.exp(row - higher)
        top = higher
    return top + tf.math.log(total / float(log_w.shape[0]))
