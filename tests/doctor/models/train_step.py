"""A model with encoder, decoder and trackers; train_step with a GradientTape; the encoder returns z as well."""

import keras
import tensorflow as tf
from keras import layers

BETA = 1.0
SHAPE = (8, 10, 1)
FAULTS = {
    "wrong_axis": "loss.wrong_axis",
    "sum_kl": "kl.sum_over_batch",
    "decoder_untrained": "loss.not_trained",
    "last_batch": "loss.last_batch",
    "no_training": "encoder.no_normalisation",
    "shared_noise": "sampling.shared_by_batch",
    "shared_dimensions": "sampling.shared_by_dimensions",
    "sign": "kl.sign",
    "batch_size": "sampling.batch_size",
    "numpy_noise": "sampling.constant",
    "tanh_mean": "encoder.tanh_mean",
}


class Sampling(layers.Layer):
    def __init__(self, fault, **kwargs):
        super().__init__(**kwargs)
        self.fault = fault

    def call(self, inputs):
        import numpy as np

        z_mean, z_log_var = inputs
        batch, dim = tf.shape(z_mean)[0], tf.shape(z_mean)[1]
        if self.fault == "batch_size":
            batch = 32
        shape = {"shared_noise": (1, dim), "shared_dimensions": (batch, 1)}.get(self.fault, (batch, dim))
        epsilon = tf.random.normal(shape)
        if self.fault == "numpy_noise":
            epsilon = np.random.normal(size=(1, z_mean.shape[1])).astype("float32") + tf.zeros((batch, dim))
        return z_mean + tf.exp(0.5 * z_log_var) * epsilon


class VAE(keras.Model):
    def __init__(self, encoder, decoder, fault, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.fault = encoder, decoder, fault
        self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
        self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker]

    def call(self, images):
        return self.decoder(self.encoder(images)[2])

    def train_step(self, data):
        with tf.GradientTape() as tape:
            training = self.fault != "no_training"
            z_mean, z_log_var, z = self.encoder(data, training=training)
            reconstruction = self.decoder(z, training=training)
            each = keras.losses.binary_crossentropy(data, reconstruction)
            axes = (1,) if self.fault == "wrong_axis" else (1, 2)
            each = tf.reduce_sum(each, axis=axes)
            reconstruction_loss = tf.reduce_mean(each)
            kl_loss = -0.5 * (1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
            kl_loss = tf.reduce_sum(kl_loss, axis=1)
            kl_loss = tf.reduce_sum(kl_loss) if self.fault == "sum_kl" else tf.reduce_mean(kl_loss)
            total_loss = reconstruction_loss - kl_loss if self.fault == "sign" else reconstruction_loss + kl_loss
        part = self.encoder if self.fault == "decoder_untrained" else self
        grads = tape.gradient(total_loss, part.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, part.trainable_weights))
        if self.fault == "last_batch":
            return {"loss": total_loss, "reconstruction_loss": reconstruction_loss, "kl_loss": kl_loss}
        self.total_loss_tracker.update_state(total_loss)
        self.reconstruction_loss_tracker.update_state(reconstruction_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {
            "loss": self.total_loss_tracker.result(),
            "reconstruction_loss": self.reconstruction_loss_tracker.result(),
            "kl_loss": self.kl_loss_tracker.result(),
        }


def make(fault=None, latent=3):
    image = keras.Input(SHAPE)
    h = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(image)
    h = layers.BatchNormalization()(h)
    h = layers.Dense(9, activation="relu")(layers.Flatten()(h))
    z_mean = layers.Dense(latent, activation="tanh" if fault == "tanh_mean" else None, name="z_mean")(h)
    z_log_var = layers.Dense(latent, name="z_log_var")(h)
    z = Sampling(fault)([z_mean, z_log_var])
    encoder = keras.Model(image, [z_mean, z_log_var, z], name="encoder")
    code = keras.Input((latent,))
    h = layers.Reshape((4, 5, 4))(layers.Dense(80, activation="relu")(code))
    out = layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid")(h)
    model = VAE(encoder, keras.Model(code, out, name="decoder"), fault)
    model.compile(optimizer=keras.optimizers.Adam())
    return model
