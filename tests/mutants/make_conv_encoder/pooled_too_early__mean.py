# expects: encoder.pooled_too_early
"""An average over rows and columns, by an operation that is no layer."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = h = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        h = layers.Conv2D(filters, 3, strides=2, padding="same")(h)
        h = layers.ReLU()(layers.BatchNormalization()(h))
    h = layers.Dense(intermediate_dim, activation="relu")(ops.mean(h, axis=(1, 2)))
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
