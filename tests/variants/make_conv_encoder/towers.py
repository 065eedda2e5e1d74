"""A tower of convolutions and a dense layer for each head."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    heads = []
    for name in ("z_mean", "z_log_var"):
        hidden = images
        for filters in (8, 16):
            hidden = layers.Conv2D(filters, 3, strides=2, padding="same")(hidden)
            hidden = layers.ReLU()(layers.BatchNormalization()(hidden))
        hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
        heads.append(layers.Dense(latent_dim, name=name)(hidden))
    return keras.Model(images, heads)
