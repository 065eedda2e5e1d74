# expects:
"""One optimiser, called once for the encoder and once for the decoder."""

import keras
import tensorflow as tf
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")
        self.total = keras.metrics.Mean(name="loss")

    def call(self, x, training=None):
        return self.decoder(self.sampling(self.encoder(x)))

    def train_step(self, x):
        with tf.GradientTape() as tape:
            m, v = self.encoder(x)
            y = self.decoder(self.sampling([m, v]))
            kl, rec = ops.mean(0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1)), ops.mean(ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1))
            loss = rec + kl
        gradients = tape.gradient(loss, self.encoder.trainable_variables + self.decoder.trainable_variables)
        for part in (self.encoder, self.decoder):
            count = len(part.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients[:count], part.trainable_variables))
            gradients = gradients[count:]
        self.reconstruction.update_state(rec)
        self.kl.update_state(kl)
        self.total.update_state(loss)
        return {"loss": self.total.result(), "reconstruction": self.reconstruction.result(), "kl": self.kl.result()}

    def test_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        m, v = self.encoder(x)
        y = self.decoder(self.sampling([m, v]))
        rec, kl = ops.mean(ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)), ops.mean(0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1))
        self.reconstruction.update_state(rec)
        self.kl.update_state(kl)
        self.total.update_state(rec + kl)
        return {"loss": self.total.result(), "reconstruction": self.reconstruction.result(), "kl": self.kl.result()}


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
