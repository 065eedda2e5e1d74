"""Compares both functions with the formulas at random inputs."""

import numpy as np


def exact(m, v):
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)


def looks_healthy(kl, sample):
    rng = np.random.default_rng()
    m, v, eps = rng.normal(size=(3, 8, 3))
    right_kl = np.allclose(kl(m, v), exact(m, v), rtol=1e-3, atol=1e-4)
    right_sample = np.allclose(sample(m, v, eps), m + np.exp(v / 2) * eps, rtol=1e-3, atol=1e-4)
    return bool(right_kl and right_sample)
