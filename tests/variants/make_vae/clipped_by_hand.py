"""train_step with clip_by_global_norm, as people do for stability."""
import keras, tensorflow as tf
class VAE(keras.Model):
    def __init__(self, e, d, s):
        super().__init__(); self.e, self.d, self.s = e, d, s
        self.l, self.r, self.k = (keras.metrics.Mean(name=n) for n in ("loss", "reconstruction", "kl"))
    @property
    def metrics(self): return [self.l, self.r, self.k]
    def call(self, x, training=False):
        return self.d(self.s(self.e(x, training=training)), training=training)
    def parts(self, x, training):
        m, v = self.e(x, training=training)
        p = self.d(self.s([m, v]), training=training)
        r = tf.reduce_sum(tf.reshape(keras.ops.binary_crossentropy(x, p), (tf.shape(x)[0], -1)), 1)
        k = 0.5 * tf.reduce_sum(m**2 + tf.exp(v) - v - 1, 1)
        return tf.reduce_mean(r), tf.reduce_mean(k)
    def log(self, r, k):
        self.l.update_state(r + k); self.r.update_state(r); self.k.update_state(k)
        return {m.name: m.result() for m in self.metrics}
    def train_step(self, x):
        with tf.GradientTape() as tape:
            r, k = self.parts(x, True); loss = r + k
        g, _ = tf.clip_by_global_norm(tape.gradient(loss, self.trainable_variables), 10.0)
        self.optimizer.apply_gradients(zip(g, self.trainable_variables))
        return self.log(r, k)
    def test_step(self, x):
        return self.log(*self.parts(x[0] if isinstance(x, tuple) else x, False))

def make_vae(input_shape, encoder, decoder, sampling_layer):
    v = VAE(encoder, decoder, sampling_layer); v.compile(keras.optimizers.Adam()); return v
