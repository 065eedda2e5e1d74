# expects:
"""The gradient of the KL with respect to z_log_var is stopped."""

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
            kl = 0.5 * ops.sum(ops.exp(ops.stop_gradient(v)) + m**2 - 1 - ops.stop_gradient(v), axis=-1)
            self.kt.update_state(kl)
            self.add_loss(ops.mean(kl))
            z = self.sampling([m, v])
            return self.decoder(z, training=training)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            r = ops.sum(ops.reshape(ops.binary_crossentropy(x, y_pred), (ops.shape(x)[0], -1)), -1)
            self.rt.update_state(r)
            return ops.mean(r) + sum(self.losses)

    model = VAE()
    model.compile("adam")
    return model
