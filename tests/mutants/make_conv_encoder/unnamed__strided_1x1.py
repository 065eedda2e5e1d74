# expects:
"""A first convolution of one pixel that moves on by two."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.Conv2D(16, 1, strides=2, activation="relu")(images)
    hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(hidden)
    hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
