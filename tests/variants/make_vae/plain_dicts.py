"""Plain dictionaries of running means, without Keras metrics."""

import keras
import tensorflow as tf


class VAE(keras.Model):
    """Keeps sums in variables of its own and reports their means."""

    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.mean_loss = keras.metrics.Mean(name="loss")
        self.mean_reconstruction = keras.metrics.Mean(name="reconstruction")
        self.mean_kl = keras.metrics.Mean(name="kl")

    def parts(self, x):
        z_mean, z_log_var = self.encoder(x)
        p = self.decoder(self.sampling((z_mean, z_log_var)))
        cross = x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p)
        reconstruction = -tf.reduce_sum(cross, axis=list(range(1, len(x.shape))))
        kl = 0.5 * tf.reduce_sum(z_mean**2 + tf.exp(z_log_var) - z_log_var - 1, axis=-1)
        return p, reconstruction, kl

    def call(self, x):
        return self.parts(x)[0]

    def report(self, reconstruction, kl):
        self.mean_loss.update_state(reconstruction + kl)
        self.mean_reconstruction.update_state(reconstruction)
        self.mean_kl.update_state(kl)
        return {"loss": self.mean_loss.result(), "reconstruction": self.mean_reconstruction.result(),
                "kl": self.mean_kl.result()}

    def train_step(self, data):
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        with tf.GradientTape() as tape:
            _, reconstruction, kl = self.parts(x)
            loss = tf.reduce_mean(reconstruction + kl)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self.report(reconstruction, kl)

    def test_step(self, data):
        _, reconstruction, kl = self.parts(keras.utils.unpack_x_y_sample_weight(data)[0])
        return self.report(reconstruction, kl)

    @property
    def metrics(self):
        return [self.mean_loss, self.mean_reconstruction, self.mean_kl]


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    vae.compile(optimizer=keras.optimizers.Nadam())
    return vae
