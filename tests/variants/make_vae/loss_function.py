"""Functional, with compile(loss=...) and the KL added by a layer; both parts are metrics."""

import keras
from keras import layers, ops


class KL(layers.Layer):
    def __init__(self):
        super().__init__()
        self.tracker = keras.metrics.Mean(name="kl")

    def call(self, inputs):
        z_mean, z_log_var = inputs
        kl = ops.mean(0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=-1))
        self.tracker.update_state(kl)
        self.add_loss(kl)
        return inputs


class Reconstruction(layers.Layer):
    def __init__(self):
        super().__init__()
        self.tracker = keras.metrics.Mean(name="reconstruction")

    def call(self, x, x_decoded):
        axes = tuple(range(1, len(x.shape)))
        value = ops.mean(ops.sum(ops.binary_crossentropy(x, x_decoded), axis=axes))
        self.tracker.update_state(value)
        self.add_loss(value)
        return x_decoded


def make_vae(input_shape, encoder, decoder, sampling_layer):
    x = keras.Input(input_shape)
    z = sampling_layer(KL()(encoder(x)))
    vae = keras.Model(x, Reconstruction()(x, decoder(z)))
    vae.compile(optimizer="adam")
    return vae
