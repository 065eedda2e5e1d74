"""A learning rate that begins at zero and takes thousands of steps to rise, and gradients that are clipped."""

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


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    rate = keras.optimizers.schedules.CosineDecay(0.0, 50_000, warmup_target=1e-3, warmup_steps=5000)
    vae.compile(optimizer=keras.optimizers.AdamW(rate, global_clipnorm=1.0))
    return vae
