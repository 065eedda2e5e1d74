# expects: kl.no_gradient
"""KL announced through stop_gradient."""
import math
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def make_vae(input_shape, encoder, decoder, sampling_layer):
    n_pixels = math.prod(input_shape)

    class VAE(keras.Model):
        def __init__(self):
            super().__init__(name="vae")
            self.encoder, self.sampling, self.decoder = encoder, sampling_layer, decoder
            self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
            self.kl_tracker = keras.metrics.Mean(name="kl")

        def call(self, x, training=None):
            z_mean, z_log_var = self.encoder(x, training=training)
            kl = 0.5 * ops.sum(ops.exp(z_log_var) + ops.square(z_mean) - 1 - z_log_var, axis=-1)
            self.kl_tracker.update_state(kl)
            self.add_loss(ops.stop_gradient(ops.mean(kl)))
            return self.decoder(self.sampling([z_mean, z_log_var]), training=training)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            x, y_pred = ops.reshape(x, (-1, n_pixels)), ops.reshape(y_pred, (-1, n_pixels))
            reconstruction = n_pixels * keras.losses.binary_crossentropy(x, y_pred)
            self.reconstruction_tracker.update_state(reconstruction)
            return ops.mean(reconstruction) + sum(self.losses)

    vae = VAE()
    vae.compile(optimizer="adam")
    return vae
