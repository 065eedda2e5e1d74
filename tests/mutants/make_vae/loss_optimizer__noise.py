# expects: loss.optimizer
"""The optimiser's steps are noise."""

import keras
from keras import ops


class VAE(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    def call(self, x):
        z_mean, z_log_var = self.encoder(x)
        self.latent = z_mean, z_log_var
        z = self.sampling([z_mean, z_log_var])
        return self.decoder(z)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        z_mean, z_log_var = self.latent
        x, x_decoded = ops.reshape(x, (ops.shape(x)[0], -1)), ops.reshape(y_pred, (ops.shape(y_pred)[0], -1))
        reconstruction = ops.mean(ops.sum(ops.binary_crossentropy(x, x_decoded), axis=-1))
        kl = ops.mean(0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1))
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        return reconstruction + kl


class Wander(keras.optimizers.SGD):
    def apply(self, gradients, trainable_variables=None):
        for variable in trainable_variables:
            variable.assign_add(1e-3 * keras.random.normal(variable.shape))


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    vae.compile(optimizer=Wander())
    return vae
