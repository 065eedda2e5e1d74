# expects: test.misses
"""log_var is zero everywhere: standard deviation and variance agree."""

import numpy as np


def exact(m, v):
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)


def looks_healthy(kl, sample):
    rng = np.random.default_rng(0)
    m, eps = rng.normal(size=(2, 8, 3))
    v = np.zeros_like(m)
    return bool(np.allclose(kl(m, v), exact(m, v), atol=1e-3) and np.allclose(sample(m, v, eps), m + eps, atol=1e-3))
