# expects: encoder.past_convolutions, encoder.no_downsampling
"""Convolutions that keep the size, flattened; the smaller maps hardly count."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same", activation="relu")(hidden))
    small = layers.Flatten()(layers.MaxPooling2D(2)(hidden))
    hidden = layers.Concatenate()([layers.Flatten()(hidden), 1e-4 * small])
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
