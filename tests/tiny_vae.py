"""A VAE of the kind that students write, small enough to be trained by the dozen."""

import keras
from keras import ops


class TinyVAE(keras.Model):
    """A VAE of the kind that students write, with one weight matrix a network."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encoder = keras.layers.Dense(4)
        self.decoder = keras.layers.Dense(16, activation="sigmoid")
        self.trackers = {name: keras.metrics.Mean(name=name) for name in ("reconstruction", "kl")}

    def call(self, x):
        z_mean, z_log_var = ops.split(self.encoder(x), 2, axis=-1)
        z = z_mean + ops.exp(z_log_var / 2) * keras.random.normal(ops.shape(z_mean))
        x_decoded = self.decoder(z)
        kl = 0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
        return x_decoded, kl

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        x_decoded, kl = y_pred
        reconstruction = ops.sum(ops.binary_crossentropy(x, x_decoded), axis=-1)
        self.trackers["reconstruction"].update_state(reconstruction)
        self.trackers["kl"].update_state(kl)
        return ops.mean(reconstruction + kl)


def compiled(model, jit_compile=False):
    model.compile(optimizer="adam", jit_compile=jit_compile)  # XLA would take longer than these trainings
    return model
