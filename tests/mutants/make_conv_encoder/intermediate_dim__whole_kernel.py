# expects: encoder.intermediate_dim
"""The dense layer written as a convolution of the whole map, with 64 filters."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Conv2D(64, hidden.shape[1:3], activation="relu")(hidden)
    z_mean, z_log_var = layers.Conv2D(latent_dim, 1)(hidden), layers.Conv2D(latent_dim, 1)(hidden)
    return keras.Model(images, [layers.Flatten()(z_mean), layers.Flatten()(z_log_var)])
