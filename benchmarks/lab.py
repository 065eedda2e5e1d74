"""The lab's models and its own training loop, ported line by line to Keras 3.

    python benchmarks/lab.py '[{"kind": "conv", "epochs": 1}]'

prints for every setting the seconds of each epoch and the test −ELBO, as JSON. A process of its own, which
imports Keras before vaelab: TensorFlow is as it would be without this project.
"""

import json
import sys
import time

import keras
import numpy as np
from keras import layers, ops

from vaelab import data, metrics, models, profiles


class VAE(keras.Model):
    def __init__(self, encoder, decoder, seed):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.sampling = models.Sampling(seed=seed)
        self.reconstruction = keras.metrics.Mean(name="reconstruction")
        self.kl = keras.metrics.Mean(name="kl")

    def call(self, x, training=None):
        z_mean, z_log_var = self.encoder(x, training=training)
        kl = -0.5 * ops.sum(1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var), axis=-1)
        self.kl.update_state(kl)
        self.add_loss(ops.mean(kl))
        return self.decoder(self.sampling([z_mean, z_log_var]), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        x, y_pred = ops.reshape(x, (-1, 784)), ops.reshape(y_pred, (-1, 784))
        reconstruction = 784 * keras.losses.binary_crossentropy(x, y_pred)
        self.reconstruction.update_state(reconstruction)
        return ops.mean(reconstruction) + sum(self.losses)


def make(kind, seed=0, latent_dim=2, momentum=0.99):
    """A compiled VAE of the lab's architecture, "mlp" or "conv"; momentum is BatchNormalization's."""
    keras.utils.set_random_seed(seed)
    if kind == "mlp":
        encoder, decoder = models.make_encoder(784, 256, latent_dim), models.make_decoder(latent_dim, 256, 784)
    else:
        x = keras.Input((28, 28, 1))
        hidden = x
        for _ in range(2):
            hidden = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(hidden)
            hidden = layers.BatchNormalization()(hidden)
        hidden = layers.Dense(128, activation="relu")(layers.Flatten()(hidden))
        encoder = keras.Model(x, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
        decoder = models.make_conv_decoder(latent_dim, 128)
        for layer in encoder.layers + decoder.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.momentum = momentum
    vae = VAE(encoder, decoder, seed)
    vae.compile(optimizer="adam")
    return vae


def load(kind):
    """All images, as the model takes them."""
    images = data.load(profiles.PROFILES["full"])
    if len(images.x_train) != 60_000:
        raise SystemExit(f"This is measured on the full set. {images.source}")
    shape = (-1, 784) if kind == "mlp" else (-1, 28, 28, 1)
    return images.x_train.reshape(shape), images.x_test.reshape(shape)


def negative_elbo(vae, x):
    """Test loss in nats per image: one sample of each code, the same noise for every model."""
    z_mean, z_log_var = metrics.encode(vae.encoder, x)
    z = z_mean + np.exp(0.5 * z_log_var) * np.random.default_rng(0).normal(size=z_mean.shape)
    x_decoded = metrics.decode(vae.decoder, z.astype("float32"))
    kl = 0.5 * (np.square(z_mean) + np.exp(z_log_var) - z_log_var - 1).sum(axis=1)
    return float((metrics.bernoulli_nll(x.reshape(-1, 784), x_decoded.reshape(-1, 784)) + kl).mean())


def train(kind, epochs=1, seed=0, latent_dim=2, images=None, batch_size=100, test=True):
    """Seconds of each epoch once TensorFlow has traced, and what is reached on the test images."""
    x, x_test = load(kind)
    x = x[:images]
    vae = make(kind, seed, latent_dim)

    def fit(x, x_test, epochs, **options):
        validation = (x_test, None) if test else None
        vae.fit(x, epochs=epochs, batch_size=batch_size, validation_data=validation, verbose=0, **options)

    fit(x[: 2 * batch_size], x_test[: 2 * batch_size], 1)
    ends = [time.perf_counter()]
    fit(
        x,
        x_test,
        epochs,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()))],
    )
    return {"seconds": np.diff(ends).tolist(), "reaches": negative_elbo(vae, x_test) if test else None}


if __name__ == "__main__":
    print(json.dumps([train(**setting) for setting in json.loads(sys.argv[1])]))
