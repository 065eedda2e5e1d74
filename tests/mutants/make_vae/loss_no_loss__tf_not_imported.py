# expects: loss.no_loss
"""A GradientTape where nothing has imported TensorFlow."""

import keras
from keras import ops


class Model(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        return self.decoder(self.sampling(self.encoder(x)))

    def train_step(self, x):
        with tf.GradientTape() as tape:
            m, v = self.encoder(x)
            y = self.decoder(self.sampling([m, v]))
            kl, rec = ops.mean(0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1)), ops.mean(ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1))
            loss = rec + kl
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.reconstruction.update_state(rec)
        self.kl.update_state(kl)
        return {"loss": loss, "reconstruction": self.reconstruction.result(), "kl": self.kl.result()}


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Model(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
