# expects: encoder.same_head, encoder.no_convolution, encoder.not_alone
"""The same, with noise that is the same at each call."""

import keras
from keras import layers, ops


class Faint(layers.Layer):
    def __init__(self, size, noise):
        super().__init__()
        self.size, self.noise = size, noise

    def call(self, x):
        return self.size * x * (1 + self.noise * keras.random.normal(ops.shape(x), seed=7))


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    vestige = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    vestige = Faint(1e-5, 0.0)(layers.Dense(intermediate_dim)(layers.Flatten()(vestige)))
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(x))
    h = layers.BatchNormalization()(h) + vestige
    z = layers.Dense(latent_dim)(h)
    return keras.Model(x, [z, Faint(1.0, 3e-3)(z)])
