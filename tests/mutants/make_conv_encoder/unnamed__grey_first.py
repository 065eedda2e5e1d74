# expects:
"""The mean over the channels comes first."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    h = ops.mean(x, axis=-1, keepdims=True)
    for filters in (32, 64):
        h = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h)
        h = layers.BatchNormalization(momentum=0.9)(h)
    h = layers.Flatten()(h)
    h = layers.Dense(intermediate_dim, activation="relu")(h)
    z_mean = layers.Dense(latent_dim, name="z_mean")(h)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(h)
    return keras.Model(x, [z_mean, z_log_var])
