# expects: encoder.relu_log_var
# trial: A1
"""Item 42, with softplus."""

import keras
from keras import layers


class Encoder(keras.Model):
    def __init__(self, latent_dim, intermediate_dim):
        super().__init__()
        self.stack = [layers.Conv2D(8, 3, strides=2, padding="same"), layers.BatchNormalization(), layers.Activation("relu"),
                      layers.Conv2D(16, 3, strides=2, padding="same"), layers.BatchNormalization(), layers.Activation("relu"),
                      layers.Flatten(), layers.Dense(intermediate_dim, activation="relu")]
        self.to_mean = layers.Dense(latent_dim)
        self.to_log_var = layers.Dense(latent_dim, activation="softplus")

    def call(self, x):
        for layer in self.stack:
            x = layer(x)
        return self.to_mean(x), self.to_log_var(x)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    return Encoder(latent_dim, intermediate_dim)
