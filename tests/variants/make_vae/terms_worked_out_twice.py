"""compute_loss runs encoder, layer and decoder once more."""

import keras
from keras import ops


def make_vae(input_shape, encoder, decoder, sampling_layer):
    class VAE(keras.Model):
        def __init__(self):
            super().__init__()
            self.e, self.d, self.s = encoder, decoder, sampling_layer
            self.r_m = keras.metrics.Mean(name="reconstruction")
            self.k_m = keras.metrics.Mean(name="kl")

        def elbo_terms(self, x, training):
            m, lv = self.e(x, training=training)
            p = self.d(self.s([m, lv]), training=training)
            eps = keras.backend.epsilon()
            p = ops.clip(p, eps, 1 - eps)
            nll = -(x * ops.log(p) + (1 - x) * ops.log1p(-p))
            while len(nll.shape) > 1:
                nll = ops.sum(nll, axis=-1)
            kl = 0.5 * (ops.sum(ops.exp(lv), -1) + ops.sum(m * m, -1) - ops.sum(lv, -1) - m.shape[-1])
            return nll, kl, p

        def call(self, x, training=None):
            return self.elbo_terms(x, training)[2]

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            nll, kl, _ = self.elbo_terms(x, training)
            self.r_m.update_state(nll)
            self.k_m.update_state(kl)
            return ops.mean(nll) + ops.mean(kl)

    v = VAE()
    v.compile(optimizer=keras.optimizers.Adam(3e-4), run_eagerly=False)
    return v
