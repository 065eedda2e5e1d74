# expects: prior.independent
"""Each dimension by itself."""

import numpy as np


def fit_prior(codes):
    def sample(n, seed):
        rng = np.random.default_rng(seed)
        return np.stack([rng.choice(column, n) + 1e-3 * rng.normal(size=n) for column in codes.T], axis=1)

    return sample
