# expects: loss.uses_y
"""A functional model, and a loss in compile, as for every other network."""

import keras
from keras import layers, ops


class Divergence(layers.Layer):
    def call(self, inputs):
        m, v = inputs
        self.add_loss(ops.mean(0.5 * ops.sum(ops.exp(v) + m * m - 1 - v, axis=-1)))
        return inputs


def make_vae(input_shape, encoder, decoder, sampling_layer):
    x = keras.Input(input_shape)
    vae = keras.Model(x, decoder(sampling_layer(Divergence()(encoder(x)))))
    vae.compile(optimizer="adam", loss="mse")
    return vae
