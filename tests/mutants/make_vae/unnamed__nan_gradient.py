# expects:
"""The numbers are right; the gradient of a root of zero is not."""

import keras
from keras import ops


class VAE(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction", "kl")]

    @property
    def metrics(self):
        return self.trackers

    def call(self, x):
        return self.decoder(self.sampling(self.encoder(x)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        m, v = self.encoder(x)
        x, p = (ops.reshape(t, (ops.shape(x)[0], -1)) for t in (x, self.decoder(self.sampling([m, v]))))
        reconstruction = -ops.mean(ops.sum(x * ops.log(p) + (1 - x) * ops.log(1 - p), -1))
        nothing = ops.sqrt(ops.relu(-ops.square(m))) + ops.sqrt(ops.relu(-ops.square(v)))
        kl = 0.5 * ops.mean(ops.sum(ops.exp(v) + ops.square(m) - 1 - v + nothing, -1))
        for tracker, number in zip(self.trackers, (reconstruction + kl, reconstruction, kl)):
            tracker.update_state(number)
        return reconstruction + kl


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
