"""Both terms in a dictionary, both trackers in another."""

import keras
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.trackers = {name: keras.metrics.Mean(name) for name in ("reconstruction", "kl")}

    def call(self, x, training=None):
        m, v = self.encoder(x, training=training)
        y = self.decoder(self.sampling([m, v]), training=training)
        self.terms = {"reconstruction": ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1), "kl": 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1)}
        return y

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        total = 0.0
        for name, values in self.terms.items():
            self.trackers[name].update_state(values)
            total = total + ops.mean(values)
        return total

    @property
    def metrics(self):
        return [*super().metrics, *self.trackers.values()]


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
