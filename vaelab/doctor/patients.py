"""Three VAEs with hidden faults, to be examined: small models whose mistakes are numbers, not lines that can be read.

How a model draws z and weighs its loss follows from a few numbers (`Numbers`); a right one has the defaults.
"""

from typing import NamedTuple

import vaelab.quiet  # noqa: F401, before Keras

import keras
from keras import ops

from vaelab import models


class Numbers(NamedTuple):
    """What a patient's formulas are made of."""

    rate: float = 0.5  # of z_log_var, in the scale of the noise
    shared: float = 0.0  # power of the number of latent dimensions that the KL is multiplied by
    pixels: float = 0.0  # power of the number of pixels that the reconstruction is multiplied by


_PATIENTS = {"A": Numbers(shared=-1.0), "B": Numbers(rate=1.0), "C": Numbers(pixels=-1.0)}


class Patient(keras.Model):
    """A VAE on flat images, from encoder, decoder and `Numbers`."""

    def __init__(self, encoder: keras.Model, decoder: keras.Model, numbers: Numbers, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.numbers = encoder, decoder, numbers
        self.generator = keras.random.SeedGenerator(0)

    def call(self, x):
        n = self.numbers
        z_mean, z_log_var = self.encoder(x)
        noise = keras.random.normal(ops.shape(z_mean), seed=self.generator)
        decoded = self.decoder(z_mean + ops.exp(n.rate * z_log_var) * noise)
        kl = 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1)
        reconstruction = ops.sum(ops.binary_crossentropy(x, decoded), axis=-1)
        kl = kl * float(z_mean.shape[-1]) ** n.shared
        self.add_loss(ops.mean(reconstruction * float(x.shape[-1]) ** n.pixels + kl))
        return decoded


def load() -> dict[str, keras.Model]:
    """The three, compiled and untrained, for images of 784 pixels: by name, "A" to "C"."""
    made = {}
    for name, numbers in _PATIENTS.items():
        encoder, decoder = models.make_encoder(784, 32, 8), models.make_decoder(8, 32, 784)
        made[name] = Patient(encoder, decoder, numbers, name=f"patient_{name}")
        made[name].compile(optimizer="adam")
    return made
