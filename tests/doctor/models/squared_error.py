"""A squared error, summed over pixels: Gaussian pixels of variance 1/2, or of sigma with its constant."""

import keras
from keras import layers, ops

BETA = 1.0
SIGMA2 = 0.5
FAULTS = {
    "absolute": "loss.other_formula",
    "mse_mean": "loss.mse_mean",
    "sum_all": "loss.sum_over_batch",
    "no_mean": "kl.no_mean",
}


class MseVAE(keras.Model):
    def __init__(self, encoder, decoder, fault):
        super().__init__()
        self.encoder, self.decoder, self.fault = encoder, decoder, fault

    def call(self, x):
        mean, log_var = self.encoder(x)
        return self.decoder(mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        mean, log_var = self.encoder(x)
        errors = ops.square(x - self.decoder(mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean))))
        if self.fault == "absolute":
            errors = ops.sqrt(errors)
        square = 0.0 if self.fault == "no_mean" else mean**2
        kl = ops.mean(ops.sum(0.5 * (square + ops.exp(log_var) - log_var - 1), axis=-1))
        if self.fault == "mse_mean":
            return ops.mean(errors) + kl
        return (ops.sum(errors) if self.fault == "sum_all" else ops.mean(ops.sum(errors, axis=-1))) + kl


def make(fault=None, pixels=80, latent=3):
    x = keras.Input((pixels,))
    h = layers.Dense(12, activation="relu")(x)
    encoder = keras.Model(x, [layers.Dense(latent)(h), layers.Dense(latent)(h)])
    decoder = keras.Sequential([keras.Input((latent,)), layers.Dense(12, "relu"), layers.Dense(pixels)])
    model = MseVAE(encoder, decoder, fault)
    model.compile(optimizer="adam")
    return model
