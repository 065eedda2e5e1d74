# expects: loss.sum_over_batch
"""Item 5: the KL is summed over the batch in the loss; what is reported is right."""

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
        kl = 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
        self.kl_tracker.update_state(kl)
        self.add_loss(ops.sum(kl))
        return self.decoder(self.sampling([z_mean, z_log_var]))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        x, x_decoded = ops.reshape(x, (ops.shape(x)[0], -1)), ops.reshape(y_pred, (ops.shape(y_pred)[0], -1))
        reconstruction = ops.sum(ops.binary_crossentropy(x, x_decoded), axis=-1)
        self.reconstruction_tracker.update_state(reconstruction)
        return ops.mean(reconstruction) + sum(self.losses)


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
