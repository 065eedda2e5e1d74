"""Residual branches that are left out at random, in training only."""

import keras
from keras import layers, ops


class DropPath(layers.Layer):
    def __init__(self, rate):
        super().__init__()
        self.rate, self.seed = rate, keras.random.SeedGenerator(5)

    def call(self, x, training=False):
        if not training:
            return x
        kept = keras.random.uniform((ops.shape(x)[0], 1, 1, 1), seed=self.seed) >= self.rate
        return x * ops.cast(kept, x.dtype) / (1 - self.rate)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    for rate in (0.1, 0.2):
        branch = layers.BatchNormalization()(layers.Conv2D(32, 3, padding="same", activation="relu")(hidden))
        hidden = hidden + DropPath(rate)(branch)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
