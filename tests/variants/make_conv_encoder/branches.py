"""A condition and a loop in the graph, prints and assertions."""

import keras
import tensorflow as tf
from keras import layers


class Encoder(keras.Model):
    def __init__(self, latent_dim, intermediate_dim):
        super().__init__()
        self.convolutions = [layers.Conv2D(n, 3, strides=2, padding="same", activation="relu") for n in (8, 16)]
        self.normalisations = [layers.BatchNormalization() for _ in self.convolutions]
        self.hidden = layers.Dense(intermediate_dim, activation="relu")
        self.to_mean, self.to_log_var = layers.Dense(latent_dim), layers.Dense(latent_dim)

    def call(self, x, training=False):
        tf.debugging.assert_all_finite(x, "images")
        tf.debugging.assert_non_negative(x)
        x = tf.cond(tf.reduce_max(x) > 1.0, lambda: x / 255.0, lambda: x)
        for convolve, normalise in zip(self.convolutions, self.normalisations):
            x = normalise(convolve(x), training=training)
        tf.print("maps of shape", tf.shape(x))
        x = tf.while_loop(lambda i, x: i < 2, lambda i, x: (i + 1, x * 1.5), (0, x))[1]
        h = self.hidden(keras.ops.reshape(x, (keras.ops.shape(x)[0], -1)))
        return self.to_mean(h), self.to_log_var(h)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    return Encoder(latent_dim, intermediate_dim)
