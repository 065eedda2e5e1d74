# expects: encoder.past_convolutions, encoder.normalisation_place
"""Dense layers, and a thousandth of a convolution of one corner."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    corner = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(hidden[:, :4, :4])
    corner = layers.Flatten()(layers.BatchNormalization()(corner))
    hidden = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(hidden))
    hidden = hidden + 1e-3 * layers.Dense(intermediate_dim)(corner)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
