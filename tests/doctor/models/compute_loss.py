"""call draws z and keeps what compute_loss needs, in Keras 3's own way."""

import keras
from keras import layers, ops

BETA = 1.0
FAULTS = {
    "sigmoid_twice": "loss.sigmoid_twice",
    "swapped": "loss.swapped",
    "z_mean": "sampling.z_mean",
    "stopped": "sampling.stop_gradient",
    "no_kl": "loss.kl_left_out",
    "global_decoder": "loss.not_the_parts",
    "constant": "sampling.constant",
    "uniform": "sampling.uniform",
    "no_log_var": "kl.no_log_var",
    "not_squared": "kl.mean_not_squared",
    "small": "loss.scaled_images",
}


class VAE(keras.Model):
    def __init__(self, encoder, decoder, fault, another):
        super().__init__()
        self.encoder, self.decoder, self.fault = encoder, decoder, fault
        self.generator = keras.random.SeedGenerator(1)
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")
        self.used = [lambda z: another(z)] if fault == "global_decoder" else [self.decoder]

    def draw(self, mean, log_var):
        shape = ops.shape(mean)
        if self.fault == "uniform":
            noise = keras.random.uniform(shape, -(3**0.5), 3**0.5, seed=self.generator)
        else:
            noise = keras.random.normal(shape, seed=5 if self.fault == "constant" else self.generator)
        if self.fault == "z_mean":
            return mean
        z = mean + ops.exp(0.5 * log_var) * noise
        return ops.stop_gradient(z) if self.fault == "stopped" else z

    def call(self, x):
        z_mean, z_log_var = self.encoder(x)
        decoded = self.used[0](self.draw(z_mean, z_log_var))
        self.posterior = z_mean, z_log_var
        return decoded

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        z_mean, z_log_var = self.posterior
        if self.fault == "swapped":
            x, y_pred = y_pred, x
        if self.fault == "small":
            x = x / 255.0
        each = ops.binary_crossentropy(x, y_pred, from_logits=self.fault == "sigmoid_twice")
        reconstruction = ops.mean(ops.sum(each, axis=-1))
        square = z_mean if self.fault == "not_squared" else ops.square(z_mean)
        linear = 0.0 if self.fault == "no_log_var" else z_log_var
        kl = ops.mean(0.5 * ops.sum(square + ops.exp(z_log_var) - linear - 1, axis=-1))
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        return reconstruction if self.fault == "no_kl" else reconstruction + kl


def make(fault=None, pixels=80, latent=4):
    x = keras.Input((pixels,))
    h = layers.Dense(11, activation="gelu")(x)
    encoder = keras.Model(x, [layers.Dense(latent)(h), layers.Dense(latent)(h)])

    def decoder():
        return keras.Sequential([keras.Input((latent,)), layers.Dense(12, "gelu"), layers.Dense(pixels, "sigmoid")])

    model = VAE(encoder, decoder(), fault, decoder())
    model.compile(optimizer="adam")
    return model
