# expects: encoder.linear, encoder.large_start
"""Biases of 50: no rectifier ever shuts."""

import keras
from keras import layers

fifty = keras.initializers.Constant(50.0)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = images
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu", bias_initializer=fifty)(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu", bias_initializer=fifty)(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
