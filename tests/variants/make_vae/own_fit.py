"""fit and evaluate of its own hand the images over twice."""

import keras
from keras import ops


class Autoencoder(keras.Model):
    """Images are their own targets, in fit and evaluate."""

    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        m, v = self.encoder(x, training=training)
        kl = 0.5 * ops.sum(ops.exp(v) + ops.square(m) - 1 - v, axis=-1)
        self.kl.update_state(kl)
        self.add_loss(ops.mean(kl))
        return self.decoder(self.sampling([m, v]), training=training)

    def fit(self, x, y=None, validation_data=None, **options):
        if validation_data is not None:
            validation_data = (validation_data[0],) * 2
        return super().fit(x, x, validation_data=validation_data, **options)

    def evaluate(self, x, y=None, **options):
        return super().evaluate(x, x, **options)


def reconstruction(x, y):
    return ops.sum(ops.reshape(ops.binary_crossentropy(x, y), (ops.shape(x)[0], -1)), axis=-1)


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = Autoencoder(encoder, decoder, sampling_layer)
    vae.compile("adam", loss=reconstruction, metrics=[reconstruction])
    return vae
