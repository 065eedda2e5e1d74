import tensorflow as tf


def log_likelihood(log_w):
    return tf.reduce_logsumexp(tf.transpose(log_w), axis=-1) - tf.math.log(tf.cast(tf.shape(log_w)[0], tf.float32))
