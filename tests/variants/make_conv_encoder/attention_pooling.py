"""Positions added up with weights that the maps themselves give; the heads read the sum."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    tokens = layers.Reshape((-1, 32))(hidden)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(tokens))
    hidden = layers.Lambda(lambda parts: ops.sum(parts[0] * parts[1], axis=1))([tokens, weights])
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
