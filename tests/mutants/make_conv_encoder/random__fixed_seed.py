# expects: encoder.not_alone, encoder.random
"""Noise from a fixed seed: the same in each call, another for each place in the batch."""

import keras
import tensorflow as tf
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    hidden = layers.Lambda(lambda h: h + 0.3 * tf.random.stateless_normal(tf.shape(h), seed=(1, 2)))(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
