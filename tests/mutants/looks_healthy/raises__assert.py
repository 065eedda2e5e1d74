# expects: test.raises
"""Asserts, as in pytest."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(5)
    m, v, e = rng.normal(size=(3, 6, 3))
    assert np.allclose(kl(m, v), 0.5 * np.sum(np.exp(v) + m**2 - 1 - v, axis=1), rtol=1e-3)
    assert np.allclose(sample(m, v, e), m + np.exp(v / 2) * e, rtol=1e-3)
    return True
