"""Kernels of three sizes side by side, then average pooling."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (8, 12):
        hidden = layers.Concatenate()(
            [layers.Conv2D(filters, k, padding="same", activation="relu")(hidden) for k in (1, 3, 5)]
        )
        hidden = layers.AveragePooling2D(2)(layers.BatchNormalization()(hidden))
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
