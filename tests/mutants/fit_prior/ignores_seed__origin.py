# expects: prior.ignores_seed
"""The origin, whatever the seed."""

import numpy as np


def fit_prior(codes):
    return lambda n, seed: np.zeros((n, codes.shape[1]))
