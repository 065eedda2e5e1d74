"""Dropout whose mask is drawn always, and used in training only."""

import keras
from keras import layers, ops


class Drop(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(5)

    def call(self, x, training=False):
        mask = ops.cast(keras.random.uniform(ops.shape(x), seed=self.seed) > 0.2, x.dtype) / 0.8
        return ops.where(ops.convert_to_tensor(bool(training)), x * mask, x)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    hidden = Drop()(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
