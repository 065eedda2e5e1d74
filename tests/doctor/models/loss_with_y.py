"""A loss of y_true and y_pred: the graph's output holds the reconstruction and the parameters side by side; fit(x, x)."""

import keras
from keras import layers, ops

BETA = 1.0
FAULTS = {"by_batch": "kl.batch_average", "abs": "kl.clipped_log_var", "logits": "loss.logits_as_probabilities"}
PIXELS, LATENT = 80, 2


def negative_elbo(fault):
    def loss(y_true, y_pred):
        decoded, mu, log_var = ops.split(y_pred, [PIXELS, PIXELS + LATENT], axis=-1)
        reconstruction = ops.sum(ops.binary_crossentropy(y_true, decoded), axis=-1)
        used = ops.abs(log_var) if fault == "abs" else log_var
        kl = -0.5 * ops.sum(1 + used - mu**2 - ops.exp(used), axis=-1)
        if fault == "by_batch":
            kl = kl / ops.cast(ops.shape(y_true)[0], "float32")
        return reconstruction + kl

    return loss


def sample(args):
    mu, log_var = args
    return mu + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mu))


def make(fault=None):
    inputs = keras.Input((PIXELS,))
    h = layers.Dense(10, activation="relu")(inputs)
    mu, log_var = layers.Dense(LATENT)(h), layers.Dense(LATENT)(h)
    z = layers.Lambda(sample, output_shape=(LATENT,))([mu, log_var])
    h = layers.Dense(10, activation="relu")(z)
    decoded = layers.Dense(PIXELS, activation=None if fault == "logits" else "sigmoid")(h)
    model = keras.Model(inputs, layers.Concatenate()([decoded, mu, log_var]))
    model.compile(optimizer="rmsprop", loss=negative_elbo(fault))
    return model
