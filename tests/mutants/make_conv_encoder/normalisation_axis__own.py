# expects: encoder.normalisation_axis
"""Moments over the batch and the channels, by hand."""

import keras
from keras import layers, ops


class Normalise(layers.Layer):
    def build(self, shape):
        sizes = (1, shape[1], 1, 1)
        self.mean = self.add_weight(shape=sizes, initializer="zeros", trainable=False)
        self.variance = self.add_weight(shape=sizes, initializer="ones", trainable=False)

    def call(self, x, training=False):
        if training:
            mean, variance = ops.moments(x, axes=(0, 2, 3), keepdims=True)
            self.mean.assign(0.9 * self.mean + 0.1 * mean)
            self.variance.assign(0.9 * self.variance + 0.1 * variance)
            return (x - mean) / ops.sqrt(variance + 1e-3)
        return (x - self.mean) / ops.sqrt(self.variance + 1e-3)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = Normalise()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
