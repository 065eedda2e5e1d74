"""A Sequential trunk."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    trunk = keras.Sequential([
        keras.Input((img_rows, img_cols, img_chns)),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dense(intermediate_dim, activation="relu"),
    ])
    x = keras.Input((img_rows, img_cols, img_chns))
    hidden = trunk(x)
    return keras.Model(x, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
