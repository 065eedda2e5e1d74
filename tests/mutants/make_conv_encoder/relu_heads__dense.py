# expects: encoder.relu_heads
# trial: A1
"""Item 41."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    z_mean = layers.Dense(latent_dim, activation="relu")(hidden)
    z_log_var = layers.Dense(latent_dim, activation="relu")(hidden)
    return keras.Model(x, [z_mean, z_log_var])
