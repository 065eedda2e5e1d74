"""Blocks compiled by tf.function, sizes read from x.shape, an activation with a gradient of its own."""

import keras
import tensorflow as tf
from keras import layers


class Block(layers.Layer):
    def __init__(self, filters):
        super().__init__()
        self.convolve, self.normalise = layers.Conv2D(filters, 3, padding="same"), layers.BatchNormalization()

    def build(self, shape):
        self.convolve.build(shape)
        self.normalise.build((*shape[:-1], self.convolve.filters))

    @tf.function
    def call(self, x, training=False):
        x = tf.nn.silu(self.normalise(self.convolve(x), training=training))
        return tf.nn.max_pool2d(x, 2, 2, "SAME")


class Encoder(keras.Model):
    def __init__(self, latent_dim, intermediate_dim):
        super().__init__()
        self.blocks = [Block(8), Block(16)]
        self.hidden = layers.Dense(intermediate_dim, activation="gelu")
        self.to_mean, self.to_log_var = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def build(self, shape):
        for block in self.blocks:
            block.build(shape)
            shape = (shape[0], -(-shape[1] // 2), -(-shape[2] // 2), block.convolve.filters)
        self.hidden.build((shape[0], shape[1] * shape[2] * shape[3]))
        for head in (self.to_mean, self.to_log_var):
            head.build((shape[0], self.hidden.units))

    def call(self, x, training=False):
        for block in self.blocks:
            x = block(x, training=training)
        batch, rows, columns, channels = x.shape
        h = self.hidden(tf.reshape(x, (batch or -1, int(rows) * int(columns) * int(channels))))
        return [self.to_mean(h), self.to_log_var(h)]


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    return Encoder(latent_dim, intermediate_dim)
