# expects: loss.gaussian
"""The log density of a multivariate Gaussian."""

import keras
import numpy as np
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        m, v = self.encoder(x)
        kl = 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1)
        self.kl.update_state(kl)
        self.add_loss(ops.mean(kl))
        return self.decoder(self.sampling([m, v]))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        squares = ops.sum(ops.reshape(ops.square(x - y_pred), (ops.shape(x)[0], -1)), axis=-1)
        pixels = np.prod(x.shape[1:])
        rec = 0.5 * (squares + pixels * np.log(2 * np.pi))
        self.reconstruction.update_state(rec)
        return ops.mean(rec) + sum(self.losses)


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
