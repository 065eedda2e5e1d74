"""Let convolutions enter the outputs with their gradient, and with none of their value."""
# deserves: builds shapes unbounded gradients

import keras
from keras import layers, ops

class Only(layers.Layer):
    def call(self, inputs):
        a, b = inputs
        return a + (b - ops.stop_gradient(b))

def make_conv_encoder(rows, columns, channels, latent_dim, intermediate_dim):
    x = keras.Input((rows, columns, channels))
    c = layers.Dense(intermediate_dim)(layers.Flatten()(layers.Conv2D(4, 3, strides=4, padding="same")(x)))
    h = layers.BatchNormalization()(layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(x)))
    h = Only()([h, c])
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
