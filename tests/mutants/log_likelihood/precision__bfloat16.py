# expects: ll.precision
import tensorflow as tf


def log_likelihood(log_w):
    return tf.cast(tf.cast(tf.reduce_logsumexp(log_w, 0) - tf.math.log(float(len(log_w))), tf.bfloat16), tf.float32)
