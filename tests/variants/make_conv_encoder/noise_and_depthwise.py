"""Augmentation with seeds of its own, depthwise convolutions with strides, maps that are weighed."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    h = layers.GaussianNoise(0.05, seed=3)(layers.Rescaling(2.0, offset=-1.0)(x))
    h = layers.RandomTranslation(0.05, 0.05, fill_mode="nearest")(h)
    for filters in (16, 32):
        h = layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(h)
        h = layers.BatchNormalization()(layers.Conv2D(filters, 1, activation="relu")(h))
        weight = layers.GlobalAveragePooling2D(keepdims=True)(h)
        h = h * layers.Dense(filters, activation="sigmoid")(weight)
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(layers.SpatialDropout2D(0.1)(h)))
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
