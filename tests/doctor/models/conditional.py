"""A conditional VAE: labels go into encoder and decoder; fit([x, y])."""

import keras
from keras import layers, ops

BETA = 1.0
LABELS = 4
FAULTS = {"entropy": "kl.entropy_sign", "kl_by_dims": "kl.mean_over_dims", "shared": "sampling.shared_by_batch"}


class ConditionalVAE(keras.Model):
    def __init__(self, pixels, latent, fault):
        super().__init__()
        self.fault = fault
        self.hidden = layers.Dense(12, activation="relu")
        self.mean, self.log_var = layers.Dense(latent), layers.Dense(latent)
        self.decoder = keras.Sequential([layers.Dense(12, "relu"), layers.Dense(pixels, "sigmoid")])
        self.generator = keras.random.SeedGenerator(8)

    def call(self, inputs):
        x, y = inputs
        label = ops.one_hot(ops.cast(y, "int32"), LABELS)
        h = self.hidden(ops.concatenate([x, label], axis=-1))
        mean, log_var = self.mean(h), self.log_var(h)
        shape = (1, mean.shape[1]) if self.fault == "shared" else ops.shape(mean)
        z = mean + ops.exp(0.5 * log_var) * keras.random.normal(shape, seed=self.generator)
        decoded = self.decoder(ops.concatenate([z, label], axis=-1))
        each = 0.5 * (mean**2 + ops.exp(log_var) - 1 + (log_var if self.fault == "entropy" else -log_var))
        kl = ops.mean(each, -1) if self.fault == "kl_by_dims" else ops.sum(each, -1)
        self.add_loss(ops.mean(ops.sum(ops.binary_crossentropy(x, decoded), axis=-1) + kl))
        return decoded


def make(fault=None, pixels=80, latent=5):
    model = ConditionalVAE(pixels, latent, fault)
    model.compile(optimizer="adam")
    return model
