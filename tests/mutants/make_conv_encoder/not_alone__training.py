# expects: encoder.not_alone
"""Batch normalisation is always told that it is training."""

import keras
from keras import layers


class Encoder(keras.Model):
    def __init__(self, latent_dim, intermediate_dim):
        super().__init__()
        self.convolutions = [layers.Conv2D(n, 3, strides=2, padding="same") for n in (8, 16)]
        self.normalisations = [layers.BatchNormalization() for _ in self.convolutions]
        self.flatten, self.hidden = layers.Flatten(), layers.Dense(intermediate_dim, activation="relu")
        self.z_mean, self.z_log_var = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, x):
        for convolve, normalise in zip(self.convolutions, self.normalisations):
            x = keras.ops.relu(normalise(convolve(x), training=True))
        x = self.hidden(self.flatten(x))
        return self.z_mean(x), self.z_log_var(x)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    return Encoder(latent_dim, intermediate_dim)
