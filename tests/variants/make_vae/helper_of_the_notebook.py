"""A lambda of the notebook beside the class."""

import keras
from keras import ops

bce = lambda x, y: ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1))  # noqa: E731


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        m, v = self.encoder(x)
        y = self.decoder(self.sampling([m, v]))
        kl, rec = 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1), ops.sum(bce(x, y), axis=-1)
        self.kl.update_state(kl)
        self.reconstruction.update_state(rec)
        self.add_loss(ops.mean(rec + kl))
        return y


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
