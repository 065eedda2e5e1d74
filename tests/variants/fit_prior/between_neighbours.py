"""Points between a code and one of its neighbours."""

import numpy as np
from scipy.spatial import cKDTree


def fit_prior(codes):
    _, near = cKDTree(codes).query(codes, k=8)

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        first = rng.integers(len(codes), size=n)
        second = near[first, rng.integers(1, 8, size=n)]
        return codes[first] + rng.uniform(0, 1, (n, 1)) * (codes[second] - codes[first])

    return sample
