# expects: encoder.linear
"""Average pooling, and no activation."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (8, 16):
        hidden = layers.Conv2D(filters, 5, padding="same")(hidden)
        hidden = layers.AveragePooling2D(2)(layers.BatchNormalization()(hidden))
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim)(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
