"""Sequences through recurrent layers and a layer for each time step; noise in training alone."""

import keras
from keras import layers, ops

BETA = 1.0
SHAPE = (4, 20)
FAULTS = {"mean_of_all": "loss.pixel_mean", "time_mean": "loss.wrong_axis", "std": "kl.std_for_variance"}


class Draw(layers.Layer):
    def call(self, inputs, training=False):
        mean, log_var = inputs
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean)) if training else mean


class NegativeElbo(layers.Layer):
    def __init__(self, fault):
        super().__init__()
        self.fault = fault

    def call(self, inputs):
        x, decoded, mean, log_var = inputs
        each = ops.binary_crossentropy(x, decoded)
        if self.fault == "mean_of_all":
            each = ops.mean(each, axis=(1, 2))
        else:
            each = ops.sum(ops.mean(each, 1) if self.fault == "time_mean" else ops.sum(each, 1), -1)
        variance = ops.exp(log_var / 2 if self.fault == "std" else log_var)
        self.add_loss(ops.mean(each + 0.5 * ops.sum(mean**2 + variance - log_var - 1, axis=-1)))
        return decoded


def make(fault=None, latent=4):
    x = keras.Input(SHAPE)
    h = layers.LSTM(2 * latent)(layers.GRU(latent, return_sequences=True)(x))
    mean, log_var = layers.Dense(latent)(h), layers.Dense(latent)(h)
    h = layers.LSTM(9, return_sequences=True)(layers.RepeatVector(SHAPE[0])(Draw()([mean, log_var])))
    decoded = layers.TimeDistributed(layers.Dense(SHAPE[1], activation="sigmoid"))(h)
    model = keras.Model(x, NegativeElbo(fault)([x, decoded, mean, log_var]))
    model.compile(optimizer="adam")
    return model
