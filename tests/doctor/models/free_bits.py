"""Free bits: each latent dimension may use a quarter of a nat before it costs anything."""

import keras
import tensorflow as tf
from keras import layers

BETA = 1.0
FAULTS = {"kl_sum": "kl.sum_over_batch", "logits": "loss.sigmoid_twice", "constant": "sampling.constant"}


class FreeBits(keras.Model):
    def __init__(self, encoder, decoder, fault):
        super().__init__()
        self.encoder, self.decoder, self.fault = encoder, decoder, fault

    def train_step(self, data):
        x = data[0] if isinstance(data, (tuple, list)) else data
        with tf.GradientTape() as tape:
            mean, log_var = tf.split(self.encoder(x, training=True), 2, axis=-1)
            noise = tf.random.stateless_normal(tf.shape(mean), (1, 2)) if self.fault == "constant" else None
            noise = tf.random.normal(tf.shape(mean)) if noise is None else noise
            logits = self.decoder(mean + tf.exp(0.5 * log_var) * noise, training=True)
            if self.fault == "logits":
                logits = tf.sigmoid(logits)
            rec = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits), axis=-1)
            each = 0.5 * (mean**2 + tf.exp(log_var) - log_var - 1)
            each = tf.reduce_sum(each, axis=0) if self.fault == "kl_sum" else tf.reduce_mean(each, axis=0)
            loss = tf.reduce_mean(rec) + tf.reduce_sum(tf.maximum(each, 0.25))
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return {"loss": loss}

    def call(self, x):
        return tf.sigmoid(self.decoder(tf.split(self.encoder(x), 2, axis=-1)[0]))


def make(fault=None, pixels=80, latent=3):
    encoder = keras.Sequential([keras.Input((pixels,)), layers.Dense(12, "relu"), layers.Dense(2 * latent)])
    decoder = keras.Sequential([keras.Input((latent,)), layers.Dense(12, "relu"), layers.Dense(pixels)])
    model = FreeBits(encoder, decoder, fault)
    model.compile(optimizer="adam")
    return model
