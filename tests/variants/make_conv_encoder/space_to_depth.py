"""Downsamples by making channels of rows and columns."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = images
    for filters in (16, 32):
        _, rows, columns, channels = hidden.shape
        hidden = layers.Reshape((rows // 2, 2, columns // 2, 2, channels))(hidden)
        hidden = layers.Reshape((rows // 2, columns // 2, 4 * channels))(layers.Permute((1, 3, 2, 4, 5))(hidden))
        hidden = layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
