# expects: prior.one_gaussian
"""One Gaussian with the codes' covariance."""

import numpy as np


def fit_prior(codes):
    mean, covariance = codes.mean(axis=0), np.cov(codes, rowvar=False)
    return lambda n, seed: np.random.default_rng(seed).multivariate_normal(mean, covariance, n)
