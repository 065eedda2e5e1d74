"""Gradients, the value at the prior and the slope in epsilon."""

import numpy as np
import tensorflow as tf


def looks_healthy(kl, sample):
    rng = np.random.default_rng(0)
    m, v, eps = (tf.constant(rng.normal(size=(6, 4)), "float32") for _ in range(3))
    with tf.GradientTape() as tape:
        tape.watch([m, v])
        value = kl(m, v)
    by_m, by_v = tape.gradient(value, [m, v], unconnected_gradients="zero")
    with tf.GradientTape() as tape:
        tape.watch(eps)
        z = sample(m, v, eps)
    by_eps = tape.gradient(z, eps, unconnected_gradients="zero")
    zero = tf.zeros((2, 4))
    return bool(np.allclose(kl(zero, zero), 0, atol=1e-5) and np.allclose(by_m, m, atol=1e-4)
                and np.allclose(by_v, 0.5 * (np.exp(v) - 1), atol=1e-4) and np.allclose(by_eps, np.exp(v / 2), rtol=1e-4)
                and np.allclose(sample(m, v, zero[:1]), m, atol=1e-5))
