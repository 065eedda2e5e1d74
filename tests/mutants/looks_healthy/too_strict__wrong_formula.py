# expects: test.too_strict
"""The formula that is compared with averages over the dimensions."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(2)
    m, v, e = rng.normal(size=(3, 9, 4))
    right = np.allclose(kl(m, v), 0.5 * np.mean(np.exp(v) + m**2 - 1 - v, axis=1), rtol=1e-3, atol=1e-4)
    return bool(right and np.allclose(sample(m, v, e), m + np.exp(v / 2) * e, rtol=1e-3, atol=1e-4))
