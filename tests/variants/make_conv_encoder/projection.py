"""Residual blocks whose shortcuts are strided convolutions of single pixels."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        shortcut = layers.Conv2D(filters, 1, strides=2, padding="same")(hidden)
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", use_bias=False)(hidden)
        hidden = layers.BatchNormalization()(hidden)
        hidden = layers.ReLU()(layers.Add()([shortcut, hidden]))
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
