# expects: encoder.normalisation_place
"""A model of its own that normalises what the dense layer returns."""

import keras
from keras import layers


class Encoder(keras.Model):
    def __init__(self, latent_dim, intermediate_dim):
        super().__init__()
        self.convolutions = [layers.Conv2D(n, 3, strides=2, padding="same", activation="relu") for n in (16, 32)]
        self.flatten, self.hidden, self.normalise = (
            layers.Flatten(),
            layers.Dense(intermediate_dim),
            layers.BatchNormalization(),
        )
        self.heads = [layers.Dense(latent_dim), layers.Dense(latent_dim)]

    def call(self, x, training=False):
        for convolve in self.convolutions:
            x = convolve(x)
        x = keras.ops.relu(self.normalise(self.hidden(self.flatten(x)), training=training))
        return [head(x) for head in self.heads]


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    return Encoder(latent_dim, intermediate_dim)
