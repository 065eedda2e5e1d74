"""Patches as tokens, with self-attention among them."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.BatchNormalization()(layers.Conv2D(32, 4, strides=4, activation="relu")(images))
    tokens = layers.Reshape((-1, 32))(hidden)
    normed = layers.LayerNormalization()(tokens)
    hidden = tokens + layers.MultiHeadAttention(2, 16)(normed, normed)
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
