# expects: encoder.random
"""The first output is a sample, not the mean."""

import keras
from keras import layers, ops


class Draw(layers.Layer):
    def call(self, parts):
        mean, log_var = parts
        return mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean))


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    z_mean, z_log_var = layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)
    return keras.Model(images, [Draw()([z_mean, z_log_var]), z_log_var])
