"""Encoder, decoder and model are classes; the KL is added in call, the likelihood in compile; fit(x, x)."""

import keras
from keras import layers, ops

BETA = 1.0
FAULTS = {
    "softplus": "kl.softplus",
    "untracked": "loss.not_trained",
    "raw": "kl.raw_log_var",
    "constant_noise": "sampling.constant_noise",
    "normalised": "encoder.normalised_heads",
    "large": "encoder.large_start",
}


class Encoder(layers.Layer):
    def __init__(self, latent, fault):
        super().__init__()
        self.hidden = layers.Dense(12, activation="relu")
        self.mean, self.log_var = layers.Dense(latent), layers.Dense(latent)
        if fault == "large":
            self.log_var = layers.Dense(latent, kernel_initializer=keras.initializers.RandomNormal(stddev=60))
        self.normal = layers.BatchNormalization() if fault == "normalised" else None
        self.fault = fault
        self.generator = keras.random.SeedGenerator(9)

    def call(self, inputs):
        h = self.hidden(inputs)
        mean, log_var = self.mean(h), self.log_var(h)
        if self.normal is not None:
            mean = self.normal(mean)
        noise = keras.random.normal(ops.shape(mean), seed=self.generator)
        if self.fault == "constant_noise":
            noise = 1.0
        return mean, log_var, mean + ops.exp(0.5 * log_var) * noise


class Decoder(layers.Layer):
    def __init__(self, pixels):
        super().__init__()
        self.hidden, self.out = layers.Dense(12, activation="relu"), layers.Dense(pixels, activation="sigmoid")

    def call(self, z):
        return self.out(self.hidden(z))


class Hidden:
    """Keras does not look into this."""

    def __init__(self, layer):
        self.layer = layer


class VariationalAutoEncoder(keras.Model):
    def __init__(self, pixels, latent, fault):
        super().__init__()
        self.encoder, self.fault = Encoder(latent, fault), fault
        decoder = Decoder(pixels)
        if fault == "untracked":
            self.held = Hidden(decoder)
        else:
            self.decoder = decoder

    def call(self, inputs, training=None):
        m, v, z = self.encoder(inputs)
        spread = {"softplus": lambda t: ops.softplus(t), "raw": lambda t: t}.get(self.fault, ops.exp)(v)
        self.add_loss(ops.mean(0.5 * ops.sum(m**2 + spread - v - 1, axis=1)))
        return (self.held.layer if self.fault == "untracked" else self.decoder)(z)


class PixelSum(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.sum(ops.binary_crossentropy(y_true, y_pred), axis=-1)


def make(fault=None, pixels=80, latent=6):
    model = VariationalAutoEncoder(pixels, latent, fault)
    model.compile(optimizer="adam", loss=PixelSum())
    return model
