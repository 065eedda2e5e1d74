"""Normalisation, then gelu; the dense layer with a swish."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 5, strides=2, padding="same")(hidden)
        hidden = layers.Activation("gelu")(layers.BatchNormalization()(hidden))
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="swish")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
