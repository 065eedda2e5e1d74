# expects: test.misses
"""Looks at the sampling only."""

import numpy as np


def looks_healthy(kl, sample):
    m, v, eps = np.random.default_rng(0).normal(size=(3, 8, 3))
    return bool(np.allclose(sample(m, v, eps), m + np.exp(v / 2) * eps, atol=1e-3))
