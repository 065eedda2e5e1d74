"""A kernel density with a narrow bandwidth."""

from scipy.stats import gaussian_kde


def fit_prior(codes):
    density = gaussian_kde(codes.T, bw_method=0.1)
    return lambda n, seed: density.resample(n, seed=seed).T
