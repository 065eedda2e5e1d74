"""A number weighs the reconstruction, not the KL: 40 for a mean over 80 pixels, which makes beta 2."""

import keras
import tensorflow as tf
from keras import layers

BETA = 2.0
FAULTS = {"sum_kl": "kl.sum_over_batch", "kl_mean": "kl.mean_over_dims"}


class FactorVAE(keras.Model):
    def __init__(self, encoder, decoder, factor, fault):
        super().__init__()
        self.encoder, self.decoder, self.factor, self.fault = encoder, decoder, factor, fault

    def call(self, x):
        mean, log_var = self.encoder(x)
        return mean, log_var, self.decoder(mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean)))

    def train_step(self, x):
        with tf.GradientTape() as tape:
            mean, log_var, decoded = self(x)
            each = self.factor * keras.losses.binary_crossentropy(x, decoded)
            kl = -0.5 * (1 + log_var - mean**2 - tf.exp(log_var))
            kl = tf.reduce_mean(kl, 1) if self.fault == "kl_mean" else tf.reduce_sum(kl, 1)
            kl = tf.reduce_sum(kl) if self.fault == "sum_kl" else tf.reduce_mean(kl)
            loss = tf.reduce_mean(each) + kl
        slopes = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_weights))
        return {"loss": loss, "kl_loss": kl}


def make(fault=None, pixels=80, latent=5):
    x = keras.Input((pixels,))
    h = layers.Dense(12, activation="relu")(x)
    encoder = keras.Model(x, [layers.Dense(latent)(h), layers.Dense(latent)(h)])
    decoder = keras.Sequential([keras.Input((latent,)), layers.Dense(12, "relu"), layers.Dense(pixels, "sigmoid")])
    model = FactorVAE(encoder, decoder, 40, fault)
    model.compile(optimizer="adam")
    return model
