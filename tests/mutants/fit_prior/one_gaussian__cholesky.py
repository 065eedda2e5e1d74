# expects: prior.one_gaussian
"""The same by a Cholesky factor."""

import numpy as np


def fit_prior(codes):
    mean, factor = codes.mean(axis=0), np.linalg.cholesky(np.cov(codes.T))

    def sample(n, seed):
        return mean + np.random.default_rng(seed).normal(size=(n, len(mean))) @ factor.T

    return sample
