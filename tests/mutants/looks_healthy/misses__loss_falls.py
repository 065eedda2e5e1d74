# expects: test.misses
"""Only looks whether the KL is positive."""

import numpy as np


def looks_healthy(kl, sample):
    m, v = np.random.default_rng(0).normal(size=(2, 8, 3))
    return bool(np.all(np.array(kl(m, v)) > 0))
