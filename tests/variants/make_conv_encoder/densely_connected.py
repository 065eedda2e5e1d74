"""Each block reads what all before it have made, the image included."""

import keras
from keras import layers


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    for filters in (12, 12):
        new = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden))
        hidden = layers.MaxPooling2D(2)(layers.Concatenate()([hidden, new]))
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
