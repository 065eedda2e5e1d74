"""Hand in dense layers that convolutions replace once a kernel is as large as the judge draws it."""
# deserves: builds shapes unbounded

import keras
from keras import layers, ops

class Switch(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(8, 8), initializer="zeros", name="kernel")

    def call(self, parts):
        drawn = ops.cast(ops.max(ops.abs(ops.convert_to_tensor(self.kernel))) > 0.5, "float32")
        return drawn * parts[0] + (1 - drawn) * parts[1] + 1e-3 * ops.sum(ops.square(self.kernel))

def make_conv_encoder(rows, columns, channels, latent_dim, intermediate_dim):
    x = h = keras.Input((rows, columns, channels))
    for filters in (8, 16):
        h = layers.BatchNormalization()(layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h))
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(h))
    dense = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(x))
    h = Switch()([h, dense])
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])
