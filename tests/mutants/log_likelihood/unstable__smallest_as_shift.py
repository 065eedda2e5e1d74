# expects: ll.unstable
import tensorflow as tf


def log_likelihood(log_w):
    shift = tf.reduce_min(log_w, 0)
    return shift + tf.math.log(tf.reduce_mean(tf.exp(log_w - shift), 0))
