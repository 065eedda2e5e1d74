# expects:
"""Batch normalisation by hand with the terms of the variance exchanged: in training, the root of a negative number."""

import keras
from keras import layers, ops


class Normalise(layers.Layer):
    def build(self, shape):
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)
        self.variance = self.add_weight(shape=(shape[-1],), initializer="ones", trainable=False)

    def call(self, x, training=False):
        if not training:
            return (x - self.mean) / ops.sqrt(self.variance + 1e-3)
        mean = ops.mean(x, axis=(0, 1, 2))
        variance = ops.square(mean) - ops.mean(ops.square(x), axis=(0, 1, 2))
        self.mean.assign(0.9 * self.mean + 0.1 * mean)
        self.variance.assign(0.9 * self.variance + 0.1 * variance)
        return (x - mean) / ops.sqrt(variance + 1e-3)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = h = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        h = Normalise()(layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h))
    h = layers.Dense(intermediate_dim)(layers.Flatten()(h))
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
