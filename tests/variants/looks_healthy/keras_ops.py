"""keras.ops throughout."""

import keras
from keras import ops


def looks_healthy(kl, sample):
    m, v, eps = (keras.random.normal((7, 3)) for _ in range(3))
    expected = ops.sum(ops.square(m) + ops.exp(v) - v - 1, axis=1) / 2
    off = ops.max(ops.abs(kl(m, v) - expected)) + ops.max(ops.abs(sample(m, v, eps) - m - ops.exp(v / 2) * eps))
    return bool(off < 1e-3)
