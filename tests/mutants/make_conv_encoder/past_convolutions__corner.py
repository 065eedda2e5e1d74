# expects: encoder.past_convolutions
"""Dense layers for the image, convolutions for a corner of it."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    corner = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(hidden[:, :12, :12])
    corner = layers.Flatten()(layers.BatchNormalization()(corner))
    hidden = layers.Concatenate()([layers.Flatten()(hidden), corner])
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
