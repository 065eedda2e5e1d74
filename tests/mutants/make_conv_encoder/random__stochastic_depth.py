# expects: encoder.random
"""A residual branch that is left out at random, outside training as well."""

import keras
from keras import layers, ops


class DropPath(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(3)

    def call(self, x):
        kept = keras.random.uniform((ops.shape(x)[0], 1, 1, 1), seed=self.seed) < 0.9
        return x * ops.cast(kept, x.dtype) / 0.9


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    branch = layers.Conv2D(32, 3, padding="same", activation="relu")(hidden)
    hidden = hidden + DropPath()(branch)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
