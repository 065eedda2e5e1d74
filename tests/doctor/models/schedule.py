"""A weight of the KL that a callback raises during training: a variable, 0.25 now."""

import keras
from keras import layers, ops

BETA = 0.25
FAULTS = {"no_half": "kl.no_half", "kl_mean": "kl.mean_over_dims", "pixel_mean": "loss.pixel_mean"}


class WarmUp(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.beta.assign(min(1.0, 0.25 + epoch / 10))


class AnnealedVAE(keras.Model):
    def __init__(self, encoder, decoder, fault):
        super().__init__()
        self.encoder, self.decoder, self.fault = encoder, decoder, fault
        self.beta = keras.Variable(0.25, trainable=False, name="beta")
        self.generator = keras.random.SeedGenerator(3)

    def call(self, x):
        mean, log_var = ops.split(self.encoder(x), 2, axis=-1)
        kl = 0.5 * (mean**2 + ops.exp(log_var) - log_var - 1)
        kl = ops.mean(kl, -1) if self.fault == "kl_mean" else ops.sum(kl, -1)
        kl = 2 * kl if self.fault == "no_half" else kl
        z = mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), seed=self.generator)
        decoded = self.decoder(z)
        each = ops.binary_crossentropy(x, decoded)
        each = ops.mean(each, -1) if self.fault == "pixel_mean" else ops.sum(each, -1)
        self.add_loss(ops.mean(each) + self.beta * ops.mean(kl))
        return decoded


def make(fault=None, pixels=80, latent=4):
    encoder = keras.Sequential([keras.Input((pixels,)), layers.Dense(12, "relu"), layers.Dense(2 * latent)])
    decoder = keras.Sequential([keras.Input((latent,)), layers.Dense(12, "relu"), layers.Dense(pixels, "sigmoid")])
    model = AnnealedVAE(encoder, decoder, fault)
    model.compile(optimizer="adam")
    return model
