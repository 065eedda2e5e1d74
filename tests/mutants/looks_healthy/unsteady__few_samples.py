# expects: test.unsteady, test.too_strict, test.misses
"""A Monte Carlo estimate from 20 samples."""

import numpy as np


def looks_healthy(kl, sample):
    m, v, eps = 0.7, -1.0, np.random.normal(size=(20, 2))
    z = np.array(sample(np.full((20, 2), m), np.full((20, 2), v), eps))
    estimate = (0.5 * (z**2 - eps**2) - 0.5 * v).sum(axis=1).mean()
    return bool(abs(float(kl([[m, m]], [[v, v]])[0]) - estimate) < 0.2)
