"""Depthwise blocks as in newer networks: layer normalisation, gelu, a scale of a millionth."""

import keras
from keras import layers


class Scale(layers.Layer):
    def build(self, shape):
        self.gamma = self.add_weight(shape=shape[-1:], initializer=keras.initializers.Constant(1e-6), name="gamma")

    def call(self, x):
        return self.gamma * x


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.BatchNormalization()(layers.Conv2D(16, 4, strides=4)(hidden))
    for _ in range(2):
        branch = layers.LayerNormalization()(layers.DepthwiseConv2D(5, padding="same")(hidden))
        branch = layers.Dense(16)(layers.Dense(64, activation="gelu")(branch))
        hidden = hidden + Scale()(branch)
    hidden = layers.BatchNormalization()(layers.Conv2D(32, 2, strides=2, padding="same", activation="relu")(hidden))
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
