# expects:
"""The weights of the eye make one grey of the channels."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    h = ops.tensordot(x, ops.array([0.3, 0.59, 0.11][:img_chns]), axes=1)[..., None]
    for filters in (32, 64):
        h = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h)
        h = layers.BatchNormalization(momentum=0.9)(h)
    h = layers.Flatten()(h)
    h = layers.Dense(intermediate_dim, activation="relu")(h)
    z_mean = layers.Dense(latent_dim, name="z_mean")(h)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(h)
    return keras.Model(x, [z_mean, z_log_var])
