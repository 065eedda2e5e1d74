"""A layer that passes its inputs on and adds their KL to the losses; noise by Multiply and Add; the likelihood is compiled."""

import keras
from keras import layers, ops

BETA = 1.0
FAULTS = {
    "sum_all": "kl.sum_over_batch",
    "sigma_squared": "kl.std_for_variance",
    "mean": "loss.pixel_mean",
    "log_sigma": "kl.log_std",
}


class KLDivergence(layers.Layer):
    def __init__(self, fault=None, **kwargs):
        super().__init__(**kwargs)
        self.fault = fault

    def call(self, inputs):
        mu, log_var = inputs
        variance = ops.exp({"sigma_squared": 0.5, "log_sigma": 2.0}.get(self.fault, 1.0) * log_var)
        kl_batch = -0.5 * ops.sum(1 + log_var - ops.square(mu) - variance, axis=-1)
        self.add_loss(ops.sum(kl_batch) if self.fault == "sum_all" else ops.mean(kl_batch))
        return inputs


class Noise(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(2)

    def call(self, like):
        return keras.random.normal(ops.shape(like), seed=self.generator)


def nll(y_true, y_pred):
    return ops.sum(keras.ops.binary_crossentropy(y_true, y_pred), axis=-1)


def make(fault=None, pixels=80, latent=3):
    x = keras.Input((pixels,))
    h = layers.Dense(12, activation="relu")(x)
    z_mu, z_log_var = KLDivergence(fault)([layers.Dense(latent)(h), layers.Dense(latent)(h)])
    z_sigma = layers.Lambda(lambda t: ops.exp(0.5 * t))(z_log_var)
    z = layers.Add()([z_mu, layers.Multiply()([z_sigma, Noise()(z_mu)])])
    decoder = keras.Sequential([keras.Input((latent,)), layers.Dense(12, "relu"), layers.Dense(pixels, "sigmoid")])
    model = keras.Model(x, decoder(z))
    model.compile(optimizer="rmsprop", loss="binary_crossentropy" if fault == "mean" else nll)
    return model
