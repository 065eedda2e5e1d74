# expects: sampling.unscaled
"""Noise of the same size everywhere."""

import keras
import tensorflow as tf

class VAE(keras.Model):
    def __init__(self, encoder, decoder, sampling, n):
        super().__init__()
        self.encoder, self.decoder, self.sampling, self.n = encoder, decoder, sampling, n
        self.total = keras.metrics.Mean(name="loss")
        self.rec = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")
    @property
    def metrics(self):
        return [self.total, self.rec, self.kl]
    def call(self, x):
        z_mean, z_log_var = self.encoder(x)
        return self.decoder(z_mean + tf.random.normal(tf.shape(z_mean)))
    def elbo(self, x, training):
        z_mean, z_log_var = self.encoder(x)
        z = z_mean + tf.random.normal(tf.shape(z_mean))
        y = self.decoder(z)
        x = tf.reshape(x, (-1, self.n)); y = tf.reshape(y, (-1, self.n))
        rec = tf.reduce_mean(tf.reduce_sum(keras.ops.binary_crossentropy(x, y), axis=1))
        kl = tf.reduce_mean(0.5 * tf.reduce_sum(z_mean**2 + tf.exp(z_log_var) - 1 - z_log_var, axis=1))
        return rec, kl
    def train_step(self, x):
        x = x[0] if isinstance(x, tuple) else x
        with tf.GradientTape() as tape:
            rec, kl = self.elbo(x, True)
            loss = rec + kl
        grads = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        self.total.update_state(loss); self.rec.update_state(rec); self.kl.update_state(kl)
        return {m.name: m.result() for m in self.metrics}
    def test_step(self, x):
        x = x[0] if isinstance(x, tuple) else x
        rec, kl = self.elbo(x, False)
        self.total.update_state(rec + kl); self.rec.update_state(rec); self.kl.update_state(kl)
        return {m.name: m.result() for m in self.metrics}

def make_vae(input_shape, encoder, decoder, sampling_layer):
    import math
    vae = VAE(encoder, decoder, sampling_layer, math.prod(input_shape))
    vae.compile(optimizer="adam")
    return vae
