"""The larger of two convolutions."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = images
    for filters in (16, 32):
        first, second = (layers.Conv2D(filters, 3, strides=2, padding="same")(hidden) for _ in range(2))
        hidden = layers.BatchNormalization()(ops.maximum(first, second))
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
