"""TensorFlow: a tensor."""

import tensorflow as tf


def active_units(z_mean, threshold=0.01):
    return tf.math.count_nonzero(tf.math.reduce_variance(z_mean, axis=0) > threshold)
