"""encode, reparameterize and decode as methods; the loss is log p(x, z) - log q(z|x) at one z, from logits."""

import math

import keras
import tensorflow as tf
from keras import layers

BETA = 1.0
SHAPE = (8, 10, 1)
FAULTS = {"variance": "sampling.variance_as_std", "sigmoid": "loss.sigmoid_twice", "no_step": "loss.not_trained"}


def log_normal(sample, mean, log_var):
    log2pi = math.log(2 * math.pi)
    return tf.reduce_sum(-0.5 * ((sample - mean) ** 2 * tf.exp(-log_var) + log_var + log2pi), axis=1)


class CVAE(keras.Model):
    def __init__(self, latent, fault):
        super().__init__()
        self.fault = fault
        self.inference_net = keras.Sequential(
            [
                keras.Input(SHAPE),
                layers.Conv2D(4, 3, strides=2, activation="relu"),
                layers.Flatten(),
                layers.Dense(2 * latent),
            ]
        )
        self.generative_net = keras.Sequential(
            [
                keras.Input((latent,)),
                layers.Dense(4 * 5 * 3, activation="relu"),
                layers.Reshape((4, 5, 3)),
                layers.Conv2DTranspose(
                    1, 3, strides=2, padding="same", activation="sigmoid" if fault == "sigmoid" else None
                ),
            ]
        )

    def encode(self, x):
        return tf.split(self.inference_net(x), num_or_size_splits=2, axis=1)

    def reparameterize(self, mean, log_var):
        eps = tf.random.normal(shape=tf.shape(mean))
        return eps * tf.exp(log_var if self.fault == "variance" else log_var * 0.5) + mean

    def decode(self, z):
        return self.generative_net(z)

    def negative_elbo(self, x):
        mean, log_var = self.encode(x)
        z = self.reparameterize(mean, log_var)
        cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=self.decode(z), labels=x)
        logpx_z = -tf.reduce_sum(cross_entropy, axis=[1, 2, 3])
        return -tf.reduce_mean(logpx_z + log_normal(z, 0.0, tf.zeros_like(z)) - log_normal(z, mean, log_var))

    def train_step(self, x):
        with tf.GradientTape() as tape:
            loss = self.negative_elbo(x)
        sources = self.inference_net.trainable_variables
        if self.fault != "no_step":
            sources = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, sources), sources))
        return {"loss": loss}

    def call(self, x):
        return self.decode(self.encode(x)[0])


def make(fault=None, latent=2):
    model = CVAE(latent, fault)
    model.compile(optimizer="adam")
    return model
