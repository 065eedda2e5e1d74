# expects: ll.negative
import tensorflow as tf


def log_likelihood(log_w):
    return tf.math.log(float(len(log_w))) - tf.reduce_logsumexp(log_w, 0)
