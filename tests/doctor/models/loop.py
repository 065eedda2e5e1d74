"""A training loop outside fit: the model has methods and no call, a tf.function takes a step, nothing is compiled."""

import keras
import tensorflow as tf
from keras import layers

BETA = 1.0
SHAPE = (8, 10, 1)
FAULTS = {
    "log_var_as_std": "sampling.log_var_as_std",
    "kl_mean": "kl.mean_over_dims",
    "sigmoid": "loss.sigmoid_twice",
    "encoder_alone": "loss.not_trained",
}


class Networks(keras.Model):
    def __init__(self, latent, fault):
        super().__init__()
        self.fault, self.latent = fault, latent
        self.infer = keras.Sequential(
            [keras.Input(SHAPE), layers.Flatten(), layers.Dense(12, "relu"), layers.Dense(2 * latent)]
        )
        last = layers.Dense(80, "sigmoid" if fault == "sigmoid" else None)
        self.generate = keras.Sequential(
            [keras.Input((latent,)), layers.Dense(12, "relu"), last, layers.Reshape(SHAPE)]
        )

    def encode(self, x):
        return tf.split(self.infer(x), 2, axis=1)

    def draw(self, mean, log_var):
        spread = log_var if self.fault == "log_var_as_std" else tf.exp(0.5 * log_var)
        return mean + spread * tf.random.normal(mean.shape)


def negative_elbo(model, x):
    mean, log_var = model.encode(x)
    logits = model.generate(model.draw(mean, log_var))
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
    kl = 0.5 * (mean**2 + tf.exp(log_var) - log_var - 1)
    kl = tf.reduce_mean(kl, 1) if model.fault == "kl_mean" else tf.reduce_sum(kl, 1)
    return tf.reduce_mean(tf.reduce_sum(each, [1, 2, 3]) + kl)


@tf.function
def train(model, optimizer, x):
    with tf.GradientTape() as tape:
        loss = negative_elbo(model, x)
    weights = (model.infer if model.fault == "encoder_alone" else model).trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))


def make(fault=None):
    return Networks(3, fault)


def step(model):
    optimizer = keras.optimizers.Adam()
    return lambda x: train(model, optimizer, x)
