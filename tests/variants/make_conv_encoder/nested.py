"""Models within models, padded by hand, normalised by groups as well as over the batch, averaged at the end."""

import keras
from keras import layers


def block(filters, channels):
    h = x = keras.Input((None, None, channels))
    h = layers.Conv2D(filters, 3, strides=2)(layers.ZeroPadding2D(1)(h))
    h = layers.BatchNormalization()(h)
    h = layers.GroupNormalization(4)(layers.LeakyReLU()(h))
    return keras.Model(x, h)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    trunk = keras.Sequential([block(8, img_chns), keras.Sequential([block(16, 8), block(32, 16)])])
    x = keras.Input((img_rows, img_cols, img_chns))
    h = layers.GlobalAveragePooling2D()(trunk(x))
    h = layers.Dense(intermediate_dim, activation="tanh")(h)
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
