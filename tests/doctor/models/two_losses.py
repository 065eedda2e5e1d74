"""A step with two losses: a critic's, which is differentiated first, and the VAE's."""

import keras
import tensorflow as tf
from keras import layers

BETA = 1.0
FAULTS = {"no_half": "kl.no_half", "pixel_mean": "loss.pixel_mean", "shared": "sampling.shared_by_dimensions"}


class WithCritic(keras.Model):
    def __init__(self, pixels, latent, fault):
        super().__init__()
        self.fault = fault
        self.encoder = keras.Sequential([layers.Dense(12, "relu"), layers.Dense(2 * latent)])
        self.decoder = keras.Sequential([layers.Dense(12, "relu"), layers.Dense(pixels, "sigmoid")])
        self.critic = keras.Sequential([layers.Dense(6, "relu"), layers.Dense(1)])

    def train_step(self, x):
        with tf.GradientTape(persistent=True) as tape:
            mean, log_var = tf.split(self.encoder(x), 2, axis=1)
            shape = tf.shape(mean)
            noise = tf.random.normal((shape[0], 1) if self.fault == "shared" else shape)
            decoded = self.decoder(mean + tf.exp(0.5 * log_var) * noise)
            invented = self.decoder(tf.random.normal(shape))
            real, unreal = self.critic(x), self.critic(invented)
            critic_loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(unreal))
            each = keras.ops.binary_crossentropy(x, decoded)
            each = tf.reduce_mean(each, 1) if self.fault == "pixel_mean" else tf.reduce_sum(each, 1)
            kl = tf.reduce_sum(mean**2 + tf.exp(log_var) - log_var - 1, 1) * (1 if self.fault == "no_half" else 0.5)
            loss = tf.reduce_mean(each + kl)
        networks = self.encoder.trainable_variables + self.decoder.trainable_variables
        pairs = [*zip(tape.gradient(critic_loss, self.critic.trainable_variables), self.critic.trainable_variables)]
        pairs += zip(tape.gradient(loss, networks), networks)
        self.optimizer.apply_gradients(pairs)
        return {"loss": loss, "critic": critic_loss}

    def call(self, x):
        return self.decoder(tf.split(self.encoder(x), 2, axis=1)[0])


def make(fault=None, pixels=80, latent=4):
    model = WithCritic(pixels, latent, fault)
    model.compile(optimizer="adam")
    return model
