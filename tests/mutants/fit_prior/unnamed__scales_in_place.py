# expects:
"""The caller's codes are standardised, and the samples scaled back."""

import numpy as np


def fit_prior(codes):
    mean, scale = codes.mean(axis=0), codes.std(axis=0)
    codes -= mean
    codes /= scale

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        chosen = codes[rng.integers(len(codes), size=n)]
        return mean + scale * (chosen + 0.05 * rng.normal(size=chosen.shape))

    return sample
