# expects: loss.sum_over_batch
"""Items 5 and 34: both parts are summed over the batch."""

import keras
import tensorflow as tf


class VAE(keras.Model):
    def __init__(self, encoder, decoder, sampling, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    @property
    def metrics(self):
        return [self.loss_tracker, self.reconstruction_tracker, self.kl_tracker]

    def call(self, images):
        z_mean, z_log_var = self.encoder(images)
        z = self.sampling([z_mean, z_log_var])
        return self.decoder(z)

    def negative_elbo(self, data):
        images = data[0] if isinstance(data, tuple) else data
        z_mean, z_log_var = self.encoder(images)
        z = self.sampling([z_mean, z_log_var])
        x_decoded = self.decoder(z)
        n = tf.shape(images)[0]
        x, x_decoded = tf.reshape(images, (n, -1)), tf.reshape(x_decoded, (n, -1))
        reconstruction = tf.reduce_sum(-tf.reduce_sum(x * tf.math.log(x_decoded) + (1 - x) * tf.math.log(1 - x_decoded), axis=-1))
        kl = tf.reduce_sum(-0.5 * tf.reduce_sum(1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var), axis=1))
        return reconstruction + kl, reconstruction, kl

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss, reconstruction, kl = self.negative_elbo(data)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        self.loss_tracker.update_state(loss)
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        loss, reconstruction, kl = self.negative_elbo(data)
        self.loss_tracker.update_state(loss)
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        return {m.name: m.result() for m in self.metrics}


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    vae.compile(optimizer=keras.optimizers.Adam(1e-3))
    return vae
