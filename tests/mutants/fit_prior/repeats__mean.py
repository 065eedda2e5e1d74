# expects: prior.repeats
"""The mean of the codes, n times."""

import numpy as np


def fit_prior(codes):
    return lambda n, seed: np.tile(codes.mean(axis=0), (n, 1)) + 1e-12 * seed
