# expects:
"""Every output is nan in training mode, and right outside."""

import keras
from keras import layers


class Last(layers.Layer):
    def call(self, x, training=False):
        return x * float("nan") if training else x


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    h = layers.Conv2D(8, 3, strides=4, padding="same", activation="relu")(x)
    h = layers.Flatten()(layers.BatchNormalization()(h))
    h = layers.Dense(intermediate_dim, activation="relu")(h)
    return keras.Model(x, [Last()(layers.Dense(latent_dim)(h)), Last()(layers.Dense(latent_dim)(h))])
