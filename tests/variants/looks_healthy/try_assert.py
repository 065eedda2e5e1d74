"""Asserts whose failure is caught."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(8)
    m, v, e = rng.normal(size=(3, 12, 3))
    try:
        np.testing.assert_allclose(kl(m, v), 0.5 * np.sum(np.exp(v) + m**2 - 1 - v, axis=-1), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(sample(m, v, e), m + np.exp(v / 2) * e, rtol=1e-3, atol=1e-4)
    except AssertionError:
        return False
    return True
