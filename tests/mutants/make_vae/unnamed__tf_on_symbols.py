# expects:
"""TensorFlow's functions on Keras's symbols."""

import keras
import tensorflow as tf


def make_vae(input_shape, encoder, decoder, sampling_layer):
    x = keras.Input(input_shape)
    z_mean, z_log_var = encoder(x)
    kl = tf.reduce_mean(0.5 * tf.reduce_sum(tf.exp(z_log_var) + tf.square(z_mean) - 1 - z_log_var, axis=-1))
    vae = keras.Model(x, decoder(sampling_layer([z_mean, z_log_var])))
    vae.add_loss(kl)
    vae.compile("adam")
    return vae
