"""Maps weighed by what their averages say."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
        weight = layers.GlobalAveragePooling2D(keepdims=True)(hidden)
        weight = layers.Dense(filters // 4, activation="relu")(weight)
        hidden = layers.Multiply()([hidden, layers.Dense(filters, activation="sigmoid")(weight)])
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
