# expects: test.misses
"""One latent dimension: an average cannot be seen."""

import numpy as np


def exact(m, v):
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)


def looks_healthy(kl, sample):
    rng = np.random.default_rng(0)
    m, v, eps = rng.normal(size=(3, 8, 1))
    return bool(np.allclose(kl(m, v), exact(m, v), atol=1e-3)
                and np.allclose(sample(m, v, eps), m + np.exp(v / 2) * eps, atol=1e-3))
