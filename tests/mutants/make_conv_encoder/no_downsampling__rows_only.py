# expects: encoder.no_downsampling
"""Strides (2, 1): columns are never reduced."""
import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    hidden = x
    for filters in (32, 64):
        hidden = layers.Conv2D(filters, 3, strides=(2, 1), padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization(momentum=0.9)(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    z_mean = layers.Dense(latent_dim, name="z_mean")(hidden)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(hidden)
    return keras.Model(x, [z_mean, z_log_var])
