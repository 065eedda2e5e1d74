"""Adam with EMA and weight decay."""
import keras
from keras import ops

def make_vae(input_shape, encoder, decoder, sampling_layer):
    class VAE(keras.Model):
        def __init__(self):
            super().__init__(); self.e, self.d, self.s = encoder, decoder, sampling_layer
            self.r, self.k = keras.metrics.Mean("reconstruction"), keras.metrics.Mean("kl")
        def call(self, x, training=None):
            self.mv = self.e(x, training=training); return self.d(self.s(self.mv), training=training)
        def compute_loss(self, x, y, y_pred, *args, **kw):
            p = y_pred
            m, v = self.mv
            r = ops.sum(ops.reshape(ops.binary_crossentropy(x, p), (ops.shape(x)[0], -1)), -1)
            k = 0.5 * ops.sum(m**2 + ops.exp(v) - v - 1, -1)
            self.r.update_state(r); self.k.update_state(k)
            return ops.mean(r + k)
    v = VAE(); v.compile(keras.optimizers.Adam(1e-3, use_ema=True)); return v
