"""Codes and noise as wide as the distance to a neighbour."""

import numpy as np
from scipy.spatial import cKDTree


def fit_prior(codes):
    distance, _ = cKDTree(codes).query(codes, k=6)
    width = np.median(distance[:, -1]) / codes.shape[1] ** 0.5

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        return codes[rng.integers(len(codes), size=n)] + width * rng.normal(size=(n, codes.shape[1]))

    return sample
