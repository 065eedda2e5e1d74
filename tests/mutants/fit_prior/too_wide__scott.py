# expects: prior.too_wide
"""A kernel density with the default bandwidth."""

from scipy.stats import gaussian_kde


def fit_prior(codes):
    density = gaussian_kde(codes.T)
    return lambda n, seed: density.resample(n, seed=seed).T
