# expects: loss.trained_weight
# trial: F2
"""All variables that the tape has seen are trained, a weight of the KL among them."""

import keras
import tensorflow as tf
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")
        self.balance = tf.Variable(1.0)
        self.total = keras.metrics.Mean(name="loss")

    def losses_of(self, x):
        m, v = self.encoder(x)
        y = self.decoder(self.sampling([m, v]))
        kl, rec = 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1), ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)
        return ops.mean(rec), ops.mean(kl)

    def call(self, x):
        return self.decoder(self.sampling(self.encoder(x)))

    def report(self, rec, kl):
        self.total.update_state(rec + kl * self.balance)
        self.reconstruction.update_state(rec)
        self.kl.update_state(kl)
        return {t.name: t.result() for t in (self.total, self.reconstruction, self.kl)}

    def train_step(self, x):
        with tf.GradientTape() as tape:
            rec, kl = self.losses_of(x)
            loss = rec + kl * self.balance
        watched = tape.watched_variables()
        for variable, gradient in zip(watched, tape.gradient(loss, watched)):
            variable.assign_sub(1e-3 * gradient)
        return self.report(rec, kl)

    def test_step(self, x):
        return self.report(*self.losses_of(x[0] if isinstance(x, tuple) else x))


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
