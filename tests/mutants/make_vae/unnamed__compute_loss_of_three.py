# expects:
# trial: B
"""The signature of compute_loss as the text abbreviates it."""

import keras
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x):
        self.m, self.v = self.encoder(x)
        return self.decoder(self.sampling([self.m, self.v]))

    def compute_loss(self, x, y, y_pred):
        m, v, y = self.m, self.v, y_pred
        kl, rec = 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1), ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)
        self.kl.update_state(kl)
        self.reconstruction.update_state(rec)
        return ops.mean(rec + kl)


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
