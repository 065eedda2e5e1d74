"""Whole numbers."""

import numpy as np


def looks_healthy(kl, sample):
    m, v = np.array([[3, -4, 5], [-3, 2, 7]]), np.array([[-3, 2, 3], [1, -2, -1]])
    e = np.array([[2, -3, 1], [-1, 4, 3]])
    return bool(np.allclose(kl(m, v), 0.5 * np.sum(np.exp(v) + m**2 - 1 - v, axis=-1), rtol=1e-3) and np.allclose(sample(m, v, e), m + np.exp(v / 2) * e, rtol=1e-3))
