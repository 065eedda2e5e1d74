"""The parts come from the function around the class; metrics of one value an image."""

import keras
from keras import ops
def make_vae(input_shape, encoder, decoder, sampling_layer):
    rec_m, kl_m = keras.metrics.Mean("reconstruction"), keras.metrics.Mean("kl")
    class V(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = [encoder, sampling_layer, decoder]
            self.rec_m, self.kl_m = rec_m, kl_m
        def call(self, x, training=None):
            m, v = encoder(x, training=training)
            y = decoder(sampling_layer([m, v]), training=training)
            n = len(input_shape)
            r = ops.sum(ops.binary_crossentropy(x, y), axis=tuple(range(1, n + 1)))
            k = ops.sum(ops.square(m) + ops.expm1(v) - v, axis=1) / 2
            rec_m.update_state(r); kl_m.update_state(k)
            self.add_loss(ops.mean(r + k))
            return y
    v = V()
    v.compile(optimizer="rmsprop")
    return v
