# expects: loss.uses_y
# trial: B
"""compute_loss compares the prediction with y."""

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
        self.add_loss(ops.mean(0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1)))
        return self.decoder(self.sampling([m, v]))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        rec = ops.mean(ops.sum(ops.binary_crossentropy(y, y_pred), axis=-1))
        self.reconstruction.update_state(rec)
        return rec + sum(self.losses)


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
