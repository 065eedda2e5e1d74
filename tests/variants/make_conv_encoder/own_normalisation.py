"""Batch normalisation written by hand, convolutions by keras.ops, every second row and column kept."""

import keras
from keras import layers, ops


class Whiten(layers.Layer):
    def build(self, shape):
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)
        self.variance = self.add_weight(shape=(shape[-1],), initializer="ones", trainable=False)

    def call(self, x, training=False):
        if not training:
            return (x - self.mean) / ops.sqrt(self.variance + 1e-3)
        mean, variance = ops.moments(x, axes=(0, 1, 2))
        self.mean.assign(0.9 * self.mean + 0.1 * mean)
        self.variance.assign(0.9 * self.variance + 0.1 * variance)
        return (x - mean) / ops.sqrt(variance + 1e-3)


class Convolve(layers.Layer):
    def __init__(self, filters):
        super().__init__()
        self.filters = filters

    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], self.filters), initializer="he_normal", name="kernel")

    def call(self, x):
        return ops.relu(ops.conv(x, self.kernel, padding="same"))[:, ::2, ::2]


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = h = keras.Input((img_rows, img_cols, img_chns))
    for filters in (8, 16):
        h = Whiten()(Convolve(filters)(h))
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(h))
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
