# expects:
"""A dense layer of 25 million numbers: more than are checked."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    h = layers.BatchNormalization()(layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x))
    h = layers.BatchNormalization()(layers.Conv2D(64, 3, padding="same", activation="relu")(h))
    h = layers.Dense(2048, activation="relu")(layers.Flatten()(h))
    h = layers.Dense(intermediate_dim, activation="relu")(h)
    return keras.Model(x, [layers.Dense(latent_dim, name="z_mean")(h), layers.Dense(latent_dim, name="z_log_var")(h)])
