"""The largest error of each."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(9)
    m, v, e = rng.normal(size=(3, 50, 2))
    errors = np.abs(np.asarray(kl(m, v)) - 0.5 * np.sum(np.exp(v) + m**2 - 1 - v, axis=-1)).max(), np.abs(np.asarray(sample(m, v, e)) - m - np.exp(v / 2) * e).max()
    return max(errors) < 1e-3
