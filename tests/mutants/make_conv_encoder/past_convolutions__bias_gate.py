# expects: encoder.past_convolutions, encoder.no_gradient
"""Dense layers; convolutions behind a switch that opens when biases become zero."""

import keras
from keras import layers, ops


class Gate(layers.Layer):
    def build(self, shape):
        self.closed = self.add_weight(shape=(), initializer="ones", name="bias")

    def call(self, parts):
        closed = ops.stop_gradient(ops.convert_to_tensor(self.closed))
        return closed * parts[0] + (1 - closed) * parts[1]


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    maps = hidden
    for filters in (8, 16):
        maps = layers.BatchNormalization()(
            layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(maps)
        )
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    hidden = Gate()([hidden, layers.Dense(intermediate_dim)(layers.Flatten()(maps))])
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
