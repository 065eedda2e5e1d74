# expects: encoder.linear
"""A tanh of numbers so small that it is straight."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    bend = layers.Lambda(lambda h: 1e4 * ops.tanh(1e-4 * h))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same")(hidden)
        hidden = bend(layers.BatchNormalization()(hidden))
    hidden = layers.Flatten()(hidden)
    hidden = bend(layers.Dense(intermediate_dim)(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
