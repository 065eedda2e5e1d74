# expects: test.too_strict
"""Exact equality of floating-point numbers."""

import numpy as np


def exact(m, v):
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)


def looks_healthy(kl, sample):
    m, v, eps = np.random.default_rng(0).normal(size=(3, 8, 3))
    return bool(np.all(kl(m, v) == exact(m, v)) and np.all(sample(m, v, eps) == m + np.exp(v / 2) * eps))
