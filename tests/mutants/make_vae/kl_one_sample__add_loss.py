# expects: kl.one_sample
"""log q(z|x) - log p(z) at the sampled z."""

import keras
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        m, v = self.encoder(x)
        z = self.sampling([m, v])
        y = self.decoder(z)
        log_q = -0.5 * ops.sum(ops.square(z - m) * ops.exp(-v) + v, axis=-1)
        log_p = -0.5 * ops.sum(ops.square(z), axis=-1)
        kl, rec = log_q - log_p, ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)
        self.kl.update_state(kl)
        self.reconstruction.update_state(rec)
        self.add_loss(ops.mean(rec + kl))
        return y


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
