# expects: encoder.no_gradient
"""Outputs are 0 for every image, behind a switch that opens when weights are drawn anew."""

import keras
from keras import layers, ops


class Gate(layers.Layer):
    def build(self, shape):
        self.closed = self.add_weight(shape=(), initializer="ones", name="bias")

    def call(self, x):
        return x * (1 - ops.stop_gradient(ops.reshape(self.closed, ())))


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    z_mean, z_log_var = Gate()(layers.Dense(latent_dim)(hidden)), Gate()(layers.Dense(latent_dim)(hidden))
    return keras.Model(images, [z_mean, z_log_var])
