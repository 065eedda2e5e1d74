# expects:
"""The optimiser is applied twice."""
import keras
import tensorflow as tf

class VAE(keras.Model):
    def __init__(self, encoder, decoder, sampling):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, sampling
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    @property
    def metrics(self):
        return [self.loss_tracker, self.reconstruction_tracker, self.kl_tracker]

    def call(self, x, training=False):
        return self.decoder(self.sampling(self.encoder(x)))

    def forward(self, x):
        z_mean, z_log_var = self.encoder(x)
        return z_mean, z_log_var, self.decoder(self.sampling([z_mean, z_log_var]))

    def losses_of(self, x, z_mean, z_log_var, y):
        n = tf.shape(x)[0]
        rec = tf.reduce_mean(tf.reduce_sum(keras.ops.binary_crossentropy(tf.reshape(x, (n, -1)), tf.reshape(y, (n, -1))), axis=-1))
        kl = tf.reduce_mean(-0.5 * tf.reduce_sum(1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var), axis=1))
        return rec + kl, rec, kl

    def log(self, loss, rec, kl):
        self.loss_tracker.update_state(loss)
        self.reconstruction_tracker.update_state(rec)
        self.kl_tracker.update_state(kl)
        return {m.name: m.result() for m in (self.loss_tracker, self.reconstruction_tracker, self.kl_tracker)}

    def train_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        with tf.GradientTape() as tape:
            loss, rec, kl = self.losses_of(x, *self.forward(x))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights)); self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return self.log(loss, rec, kl)

    def test_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        return self.log(*self.losses_of(x, *self.forward(x)))


def make_vae(input_shape, encoder, decoder, sampling_layer):
    vae = VAE(encoder, decoder, sampling_layer)
    vae.compile(optimizer="adam")
    return vae
