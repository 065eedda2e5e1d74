"""A kernel as large as the maps, and heads of 1×1 convolutions."""

import keras
from keras import layers

def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = h = keras.Input((img_rows, img_cols, img_chns))
    for f in (8, 16):
        h = layers.Conv2D(f, 3, strides=2, padding="same")(h)
        h = layers.BatchNormalization(momentum=0.9)(h)
        h = layers.Activation("elu")(h)
    r, c = h.shape[1], h.shape[2]
    d = layers.Activation("elu")(layers.Conv2D(intermediate_dim, (r, c))(h))
    mu = layers.Reshape((latent_dim,))(layers.Conv2D(latent_dim, 1)(d))
    logvar = layers.Reshape((latent_dim,))(layers.Conv2D(latent_dim, 1)(d))
    return keras.Model(x, [mu, logvar])
