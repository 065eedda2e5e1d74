"""A Keras layer that does it."""

import keras
from keras import ops


class Divergence(keras.layers.Layer):
    def call(self, z_mean, z_log_var):
        return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)


def kl_term(z_mean, z_log_var):
    return Divergence(dtype="float32")(z_mean, z_log_var)
