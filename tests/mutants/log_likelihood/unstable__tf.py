# expects: ll.unstable
import tensorflow as tf


def log_likelihood(log_w):
    return tf.math.log(tf.reduce_mean(tf.exp(log_w), 0))
