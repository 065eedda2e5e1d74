# expects: prior.copies, prior.repeats
"""The codes themselves."""

import numpy as np


def fit_prior(codes):
    def sample(n, seed):
        return codes[np.random.default_rng(seed).integers(len(codes), size=n)]

    return sample
