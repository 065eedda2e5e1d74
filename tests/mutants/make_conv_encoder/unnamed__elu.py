# expects: 
"""z_log_var is never below -1."""

import keras
from keras import layers

def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x_in = keras.Input((img_rows, img_cols, img_chns))
    h = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x_in)
    h = layers.BatchNormalization()(h)
    h = layers.LeakyReLU()(h)
    h = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False)(h)
    h = layers.BatchNormalization()(h)
    h = layers.LeakyReLU()(h)
    h = layers.Flatten()(h)
    h = layers.Dense(intermediate_dim, activation="relu")(h)
    z_mean = layers.Dense(latent_dim, name="z_mean")(h)
    z_log_var = layers.Dense(latent_dim, name="z_log_var", activation="elu")(h)
    return keras.Model(x_in, [z_mean, z_log_var])
