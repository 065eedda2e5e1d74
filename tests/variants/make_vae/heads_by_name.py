"""The latent dimension is read from the head's layer."""

import keras
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")
        self.latent_dim = encoder.get_layer("z_mean").units
        assert encoder.get_layer("z_log_var").units == self.latent_dim

    def call(self, x, training=None):
        m, v = self.encoder(x)
        y = self.decoder(self.sampling([m, v]))
        kl, rec = 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1), ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)
        self.kl.update_state(kl)
        self.reconstruction.update_state(rec)
        self.add_loss(ops.mean(rec + kl))
        return y


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
