# expects: ll.sum_of_weights
import tensorflow as tf


def log_likelihood(log_w):
    return tf.reduce_logsumexp(log_w, 0)
