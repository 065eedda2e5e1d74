"""Rectifiers that learn their slope, one a position."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (8, 16):
        hidden = layers.BatchNormalization()(layers.Conv2D(filters, 3, strides=2, padding="same")(hidden))
        hidden = layers.PReLU()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.PReLU()(layers.Dense(intermediate_dim)(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
