# expects: encoder.no_downsampling
"""Strides on a copy of the image that no convolution reads."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same", activation="relu")(hidden))
    small = layers.AveragePooling2D(2)(images)
    hidden = layers.Concatenate()([layers.Flatten()(hidden), layers.Flatten()(small)])
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
