"""Code of the tf.keras years, ported: Lambda for the sampling, encoder(inputs)[2], a loss of a mean times the pixels."""

import keras
import tensorflow as tf
from keras import layers

BETA = 1.0
PIXELS, LATENT = 80, 2
FAULTS = {
    "other_size": "loss.fixed_size",
    "kl_mean": "kl.mean_over_dims",
    "log_var_as_std": "sampling.log_var_as_std",
    "not_multiplied": "loss.pixel_mean",
    "unscaled": "sampling.unscaled",
}


def make(fault=None):
    def sampling(args):
        z_mean, z_log_var = args
        epsilon = tf.random.normal(shape=tf.shape(z_mean))
        if fault == "unscaled":
            return z_mean + epsilon
        return z_mean + (z_log_var if fault == "log_var_as_std" else tf.exp(0.5 * z_log_var)) * epsilon

    class Loss(layers.Layer):
        def call(self, inputs):
            image, decoded, z_mean, z_log_var = inputs
            reconstruction_loss = keras.losses.binary_crossentropy(image, decoded)
            reconstruction_loss *= {"other_size": 784, "not_multiplied": 1}.get(fault, PIXELS)
            kl_loss = 1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var)
            kl_loss = tf.reduce_mean(kl_loss, axis=-1) if fault == "kl_mean" else tf.reduce_sum(kl_loss, axis=-1)
            kl_loss *= -0.5
            self.add_loss(tf.reduce_mean(reconstruction_loss + kl_loss))
            return decoded

    inputs = keras.Input(shape=(PIXELS,), name="encoder_input")
    x = layers.Dense(16, activation="relu")(inputs)
    z_mean, z_log_var = layers.Dense(LATENT, name="z_mean")(x), layers.Dense(LATENT, name="z_log_var")(x)
    z = layers.Lambda(sampling, output_shape=(LATENT,), name="z")([z_mean, z_log_var])
    encoder = keras.Model(inputs, [z_mean, z_log_var, z], name="encoder")
    latent_inputs = keras.Input(shape=(LATENT,), name="z_sampling")
    x = layers.Dense(16, activation="relu")(latent_inputs)
    decoder = keras.Model(latent_inputs, layers.Dense(PIXELS, activation="sigmoid")(x), name="decoder")
    encoded = encoder(inputs)
    outputs = Loss()([inputs, decoder(encoded[2]), encoded[0], encoded[1]])
    vae = keras.Model(inputs, outputs, name="vae_mlp")
    vae.compile(optimizer="adam")
    return vae
