# expects: encoder.linear
"""Activations are computed, and what they return is dropped."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = images
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same")(hidden)
        hidden = layers.BatchNormalization()(hidden)
        layers.ReLU()(hidden)
    hidden = layers.Dense(intermediate_dim)(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
