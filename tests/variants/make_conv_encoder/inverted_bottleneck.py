"""Wide 1×1, depthwise with strides, squeeze-and-excitation, narrow 1×1; swish."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.Conv2D(16, 3, strides=2, padding="same", activation="swish")(images)
    hidden = layers.BatchNormalization()(hidden)
    wide = layers.BatchNormalization()(layers.Conv2D(64, 1, activation="swish")(hidden))
    wide = layers.BatchNormalization()(layers.DepthwiseConv2D(3, strides=2, padding="same", activation="swish")(wide))
    scale = layers.GlobalAveragePooling2D(keepdims=True)(wide)
    scale = layers.Conv2D(64, 1, activation="sigmoid")(layers.Conv2D(8, 1, activation="swish")(scale))
    hidden = layers.BatchNormalization()(layers.Conv2D(32, 1)(wide * scale))
    hidden = layers.Dense(intermediate_dim, activation="swish")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
