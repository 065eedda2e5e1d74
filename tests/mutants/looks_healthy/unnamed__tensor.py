# expects:
"""A tensor is returned."""

import numpy as np
from keras import ops


def looks_healthy(kl, sample):
    rng = np.random.default_rng(7)
    m, v, e = rng.normal(size=(3, 6, 3))
    return ops.all(ops.abs(kl(m, v) - 0.5 * np.sum(np.exp(v) + m**2 - 1 - v, axis=1)) < 1e-3)
