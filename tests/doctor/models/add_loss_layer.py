"""One functional graph; a layer at its end takes images and everything else, and calls add_loss."""

import keras
from keras import layers, ops

BETA = 1.0
FAULTS = {
    "mean_over_dims": "kl.mean_over_dims",
    "no_half": "kl.no_half",
    "pixel_mean": "loss.pixel_mean",
    "one_head": "encoder.same_head",
    "variance": "sampling.variance_as_std",
    "std": "kl.std_for_variance",
    "reversed": "kl.reversed",
    "relu_log_var": "encoder.relu_log_var",
}


class Draw(layers.Layer):
    def __init__(self, power, **kwargs):
        super().__init__(**kwargs)
        self.power = power
        self.generator = keras.random.SeedGenerator(4)

    def call(self, inputs):
        mean, log_var = inputs
        return mean + ops.exp(log_var / 2) ** self.power * keras.random.normal(ops.shape(mean), seed=self.generator)


class NegativeElbo(layers.Layer):
    def __init__(self, fault, **kwargs):
        super().__init__(**kwargs)
        self.fault = fault

    def call(self, inputs):
        image, decoded, mean, log_var = inputs
        cross_entropy = ops.binary_crossentropy(image, decoded)
        cross_entropy = ops.mean(cross_entropy, -1) if self.fault == "pixel_mean" else ops.sum(cross_entropy, -1)
        variance = ops.exp(0.5 * log_var) if self.fault == "std" else ops.exp(log_var)
        each = -0.5 * (1 + log_var - mean**2 - variance)
        if self.fault == "no_half":
            each = 2 * each
        if self.fault == "reversed":
            each = 0.5 * ((1 + mean**2) / variance - 1 + log_var)
        kl = ops.mean(each, -1) if self.fault == "mean_over_dims" else ops.sum(each, -1)
        self.add_loss(ops.mean(cross_entropy + kl))
        return decoded


def make(fault=None, pixels=80, latent=5):
    image = keras.Input((pixels,))
    hidden = layers.Dense(14, activation="tanh")(image)
    mean = layers.Dense(latent)(hidden)
    log_var = layers.Dense(latent, activation="relu" if fault == "relu_log_var" else None)(hidden)
    if fault == "one_head":
        log_var = mean
    z = Draw(2 if fault == "variance" else 1)([mean, log_var])
    hidden = layers.Dense(13, activation="tanh")(z)
    decoded = layers.Dense(pixels, activation="sigmoid")(hidden)
    model = keras.Model(image, NegativeElbo(fault)([image, decoded, mean, log_var]))
    model.compile(optimizer="adam")
    return model
