# expects: loss.binarised
"""The images are made black and white inside the loss."""

import keras
from keras import ops


class VAE(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.r, self.k = keras.metrics.Mean(name="reconstruction"), keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        m, v = self.encoder(x)
        y = self.decoder(self.sampling([m, v]))
        target = ops.cast(x > 0.5, "float32")
        rec = ops.mean(ops.sum(ops.reshape(ops.binary_crossentropy(target, y), (ops.shape(x)[0], -1)), axis=-1))
        kl = ops.mean(-0.5 * ops.sum(1 + v - ops.square(m) - ops.exp(v), axis=-1))
        self.r.update_state(rec)
        self.k.update_state(kl)
        self.add_loss(rec + kl)
        return y


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
