# expects: ll.no_axis
import tensorflow as tf


def log_likelihood(log_w):
    return tf.reduce_logsumexp(log_w) - tf.math.log(float(tf.size(log_w)))
