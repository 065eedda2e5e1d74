"""A dense layer of twice the width, one half of which is a gate for the other."""

import keras
from keras import layers, ops


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    both = layers.Dense(2 * intermediate_dim)(hidden)
    hidden = layers.Lambda(lambda h: h[:, :intermediate_dim] * ops.sigmoid(h[:, intermediate_dim:]))(both)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
