"""Return 0 for every image, by a kernel of one number that is 1 until the judge draws it anew."""
# deserves: builds shapes

import keras
from keras import layers, ops

class Gate(layers.Layer):
    def build(self, shape):
        self.closed = self.add_weight(shape=(1, 1), initializer="ones", name="kernel")

    def call(self, x):
        return x * (1 - ops.stop_gradient(ops.reshape(self.closed, ())))

def make_conv_encoder(rows, columns, channels, latent_dim, intermediate_dim):
    x = h = keras.Input((rows, columns, channels))
    for filters in (8, 16):
        h = layers.BatchNormalization()(layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h))
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(h))
    return keras.Model(x, [Gate()(layers.Dense(latent_dim)(h)) for _ in range(2)])
