# expects: encoder.ignored_pixels
"""Only what lies in a circle is looked at."""

import keras
import numpy as np
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = keras.Input((img_rows, img_cols, img_chns))
    rows, columns = np.mgrid[:img_rows, :img_cols]
    distance = np.hypot(rows - img_rows / 2, columns - img_cols / 2)
    circle = (distance < min(img_rows, img_cols) / 2).astype("float32")[None, ..., None]
    hidden = images * circle
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
