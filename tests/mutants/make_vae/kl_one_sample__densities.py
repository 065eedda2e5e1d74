# expects: kl.one_sample
"""The same with a function for the log density of a Gaussian."""

import keras
import numpy as np
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    @staticmethod
    def log_normal(z, m, v):
        return -0.5 * ops.sum(ops.square(z - m) / ops.exp(v) + v + ops.log(2 * np.pi), axis=1)

    def call(self, x, training=None):
        self.m, self.v = self.encoder(x)
        self.z = self.sampling([self.m, self.v])
        return self.decoder(self.z)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y, zero = y_pred, ops.zeros_like(self.z)
        rec = ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)
        kl = self.log_normal(self.z, self.m, self.v) - self.log_normal(self.z, zero, zero)
        self.kl.update_state(kl)
        self.reconstruction.update_state(rec)
        return ops.mean(rec) + ops.mean(kl)


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
