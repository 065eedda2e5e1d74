# expects: encoder.ignored_pixels
"""Maps become smaller by cropping."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.Conv2D(8, 3, padding="same", activation="relu")(hidden)
    hidden = layers.Cropping2D(7)(layers.BatchNormalization()(hidden))
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
