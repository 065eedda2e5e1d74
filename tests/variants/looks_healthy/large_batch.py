"""Many images at once, and the order of the result."""

import numpy as np


def exact(m, v):
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)


def looks_healthy(kl, sample):
    rng = np.random.default_rng(11)
    m, v, eps = rng.uniform(-2, 2, size=(3, 500, 6))
    got = np.asarray(kl(m, v))
    if got.shape != (500,):
        return False
    return bool(np.corrcoef(got, exact(m, v))[0, 1] > 0.9999 and abs(got.mean() / exact(m, v).mean() - 1) < 1e-3
                and np.allclose(sample(m, v, eps), m + eps * np.exp(0.5 * v), atol=1e-3))
