# expects: 
"""Points between two codes."""

import numpy as np


def fit_prior(codes):
    def sample(n, seed):
        rng = np.random.default_rng(seed)
        a, b = codes[rng.integers(len(codes), size=(2, n))]
        return a + rng.uniform(0.3, 0.7, (n, 1)) * (b - a)

    return sample
