# expects:
"""A thousandth is added inside both logarithms."""

import keras
from keras import ops


def make_vae(input_shape, encoder, decoder, sampling_layer):
    class VAE(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder, self.sampling = encoder, decoder, sampling_layer
            self.rt, self.kt = keras.metrics.Mean(name="reconstruction"), keras.metrics.Mean(name="kl")

        def call(self, x, training=None):
            m, v = self.encoder(x, training=training)
            kl = 0.5 * ops.sum(ops.exp(v) + m**2 - 1 - v, axis=-1)
            self.kt.update_state(kl)
            self.add_loss(ops.mean(kl))
            z = self.sampling([m, v])
            return self.decoder(z, training=training)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            b = -(x * ops.log(y_pred + 1e-3) + (1 - x) * ops.log(1 - y_pred + 1e-3))
            r = ops.sum(ops.reshape(b, (ops.shape(x)[0], -1)), -1)
            self.rt.update_state(r)
            return ops.mean(r) + sum(self.losses)

    model = VAE()
    model.compile("adam")
    return model
