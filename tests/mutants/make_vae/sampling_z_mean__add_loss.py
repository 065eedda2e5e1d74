# expects: sampling.z_mean
"""Item 17."""

import keras
from keras import layers, ops


class NegativeELBO(layers.Layer):
    """Adds the loss in call; passes the reconstruction on."""

    def __init__(self):
        super().__init__()
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    def call(self, inputs):
        x, output, z_mean, z_log_var = inputs
        x, x_decoded = (ops.reshape(t, (-1, ops.prod(t.shape[1:]))) for t in (x, output))
        reconstruction = ops.mean(ops.sum(ops.binary_crossentropy(x, x_decoded), axis=-1))
        kl = ops.mean(0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1, axis=-1))
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        self.add_loss(reconstruction + kl)
        return output


def make_vae(input_shape, encoder, decoder, sampling_layer):
    x = keras.Input(input_shape)
    z_mean, z_log_var = encoder(x)
    z = z_mean
    x_decoded = NegativeELBO()([x, decoder(z), z_mean, z_log_var])
    vae = keras.Model(x, x_decoded)
    vae.compile(optimizer="rmsprop")
    return vae
