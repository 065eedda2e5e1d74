"""Patches of 4×4, then blocks of depthwise convolutions and 1×1 ones, with normalised layers."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.BatchNormalization()(layers.Conv2D(24, 4, strides=4)(images))
    for _ in range(2):
        branch = layers.LayerNormalization()(layers.DepthwiseConv2D(7, padding="same")(hidden))
        branch = layers.Conv2D(24, 1)(layers.Conv2D(96, 1, activation="gelu")(branch))
        hidden = hidden + branch
    hidden = layers.Dense(intermediate_dim, activation="gelu")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
