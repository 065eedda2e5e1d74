# expects: encoder.linear
"""A model of its own that forgets its activations."""

import keras
from keras import layers


class Encoder(keras.Model):
    def __init__(self, latent_dim, intermediate_dim):
        super().__init__()
        self.convolutions = [layers.Conv2D(n, 4, strides=2, padding="same") for n in (16, 32)]
        self.normalisations = [layers.BatchNormalization() for _ in self.convolutions]
        self.activation, self.flatten = layers.ReLU(), layers.Flatten()
        self.hidden = layers.Dense(intermediate_dim)
        self.heads = [layers.Dense(latent_dim), layers.Dense(latent_dim)]

    def call(self, x, training=False):
        for convolve, normalise in zip(self.convolutions, self.normalisations):
            x = normalise(convolve(x), training=training)
        x = self.hidden(self.flatten(x))
        return [head(x) for head in self.heads]


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    return Encoder(latent_dim, intermediate_dim)
