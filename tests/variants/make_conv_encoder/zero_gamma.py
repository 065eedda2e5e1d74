"""Residual blocks whose last normalisation starts with a scale of zero; heads that start at zero."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    branch = layers.Conv2D(32, 3, padding="same", use_bias=False)(hidden)
    branch = layers.BatchNormalization(gamma_initializer="zeros")(branch)
    hidden = layers.ReLU()(layers.Add()([hidden, branch]))
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    z_mean = layers.Dense(latent_dim, kernel_initializer="zeros")(hidden)
    z_log_var = layers.Dense(
        latent_dim, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-3.0)
    )(hidden)
    return keras.Model(images, [z_mean, z_log_var])
