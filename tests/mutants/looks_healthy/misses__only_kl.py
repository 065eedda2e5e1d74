# expects: test.misses
"""Looks at the KL only."""

import numpy as np


def exact(m, v):
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)


def looks_healthy(kl, sample):
    m, v = np.random.default_rng(0).normal(size=(2, 8, 3))
    return bool(np.allclose(kl(m, v), exact(m, v), atol=1e-3))
