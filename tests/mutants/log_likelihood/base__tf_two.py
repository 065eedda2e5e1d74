# expects: ll.base
import tensorflow as tf


def log_likelihood(log_w):
    top = tf.reduce_max(log_w, 0)
    return top + tf.math.log(tf.reduce_mean(tf.pow(2.0, log_w - top), 0))
