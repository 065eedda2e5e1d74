# expects: encoder.fixed_sizes
"""Two latent dimensions, filled up with zeros."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    fill = layers.Lambda(lambda z: ops.pad(z, ((0, 0), (0, max(0, latent_dim - 2))))[:, :latent_dim])
    return keras.Model(images, [fill(layers.Dense(2)(hidden)), fill(layers.Dense(2)(hidden))])
