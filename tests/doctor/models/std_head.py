"""The second output of the encoder is a standard deviation, by softplus; the weight of the KL is an argument, 4."""

import keras
from keras import layers, ops

BETA = 4.0
FAULTS = {"stopped": "sampling.stop_gradient", "no_half": "kl.no_half"}


class BetaVAE(keras.Model):
    def __init__(self, encoder, decoder, beta, fault):
        super().__init__()
        self.encoder, self.decoder, self.beta, self.fault = encoder, decoder, beta, fault
        self.generator = keras.random.SeedGenerator(6)

    def call(self, x):
        mean, std = self.encoder(x)
        z = mean + std * keras.random.normal(ops.shape(mean), seed=self.generator)
        if self.fault == "stopped":
            z = ops.stop_gradient(z)
        kl = ops.sum(mean**2 + std**2 - 2 * ops.log(std) - 1, axis=-1)
        kl = kl if self.fault == "no_half" else kl / 2
        self.add_loss(self.beta * ops.mean(kl))
        return self.decoder(z)


def nll(y_true, y_pred):
    return ops.sum(ops.binary_crossentropy(y_true, y_pred), axis=-1)


def make(fault=None, pixels=80, latent=3):
    x = keras.Input((pixels,))
    h = layers.Dense(12, activation="relu")(x)
    encoder = keras.Model(x, [layers.Dense(latent)(h), layers.Dense(latent, activation="softplus")(h)])
    decoder = keras.Sequential([keras.Input((latent,)), layers.Dense(12, "relu"), layers.Dense(pixels, "sigmoid")])
    model = BetaVAE(encoder, decoder, 4.0, fault)
    model.compile(optimizer="adam", loss=nll)
    return model
