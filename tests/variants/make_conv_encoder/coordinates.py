"""Two more channels that say where a pixel is."""

import keras
from keras import layers, ops


def with_coordinates(x):
    rows, columns = x.shape[1], x.shape[2]
    grid = ops.stack(ops.meshgrid(ops.linspace(-1.0, 1.0, rows), ops.linspace(-1.0, 1.0, columns), indexing="ij"), -1)
    return ops.concatenate([x, ops.broadcast_to(grid, (ops.shape(x)[0], rows, columns, 2))], axis=-1)


def make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim):
    images = hidden = keras.Input((img_rows, img_cols, img_chns))
    hidden = layers.Lambda(with_coordinates, output_shape=(img_rows, img_cols, img_chns + 2))(hidden)
    for filters in (16, 32):
        hidden = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(hidden)
        hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Flatten()(hidden)
    hidden = layers.Dense(intermediate_dim, activation="relu")(hidden)
    return keras.Model(images, [layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)])
