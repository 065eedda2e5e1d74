# expects: ll.wrong_axis, ll.count
import tensorflow as tf


def log_likelihood(log_w):
    return tf.reduce_logsumexp(log_w, axis=-1) - tf.math.log(float(log_w.shape[0]))
