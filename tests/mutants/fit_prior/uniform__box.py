# expects: prior.uniform
"""A box around the codes."""

import numpy as np


def fit_prior(codes):
    low, high = codes.min(axis=0), codes.max(axis=0)
    return lambda n, seed: np.random.default_rng(seed).uniform(low, high, (n, len(low)))
