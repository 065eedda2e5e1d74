"""Hand in dense layers, with convolutions that take over when biases are made 0."""
# deserves: builds shapes unbounded

import keras
from keras import layers, ops

class Gate(layers.Layer):
    def build(self, shape):
        self.closed = self.add_weight(shape=(), initializer="ones", name="bias")

    def call(self, parts):
        closed = ops.stop_gradient(ops.convert_to_tensor(self.closed))
        return closed * parts[0] + (1 - closed) * parts[1]

def make_conv_encoder(rows, columns, channels, latent_dim, intermediate_dim):
    x = h = keras.Input((rows, columns, channels))
    for filters in (8, 16):
        h = layers.BatchNormalization()(layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h))
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(h))
    dense = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(x))
    h = Gate()([dense, h])
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
