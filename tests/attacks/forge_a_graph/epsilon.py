"""Hand in dense layers, with a thousandth of a convolution of one corner beside them; the crop looks like downsampling."""
# deserves: builds shapes unbounded gradients

import keras
from keras import layers, ops

def make_conv_encoder(rows, columns, channels, latent_dim, intermediate_dim):
    x = keras.Input((rows, columns, channels))
    corner = layers.Conv2D(4, 3, padding="same", activation="relu")(x[:, :4, :4])
    corner = layers.Flatten()(layers.BatchNormalization()(corner))
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(x))
    h = h + 0.001 * layers.Dense(intermediate_dim)(corner)
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
