# expects: loss.not_the_parts
# trial: B
"""Encoder and decoder are built inside, whatever is passed in."""

import keras
from keras import layers, ops


def networks(pixels=784, size=2):
    x = keras.Input((pixels,))
    hidden = layers.Dense(16, activation="relu")(x)
    encoder = keras.Model(x, [layers.Dense(size)(hidden), layers.Dense(size)(hidden)])
    z = keras.Input((size,))
    hidden = layers.Dense(16, activation="relu")(z)
    return encoder, keras.Model(z, layers.Dense(pixels, activation="sigmoid")(hidden))


class Sampling(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(7)

    def call(self, inputs):
        m, v = inputs
        return m + ops.exp(0.5 * v) * keras.random.normal(ops.shape(m), seed=self.seeds)


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        m, v = self.encoder(x)
        y = self.decoder(self.sampling([m, v]))
        kl, rec = 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1), ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)
        self.kl.update_state(kl)
        self.reconstruction.update_state(rec)
        self.add_loss(ops.mean(rec + kl))
        return y


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(*networks(), Sampling())
    vae.compile(optimizer="adam")
    return vae
