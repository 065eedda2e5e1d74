"""A small class of checks, all of which must hold."""

import numpy as np


def exact(m, v):
    return 0.5 * np.sum(m**2 + np.exp(v) - v - 1, axis=-1)


class Suite:
    def __init__(self, kl, sample):
        self.kl, self.sample = kl, sample
        self.m, self.v, self.e = np.random.default_rng(5).normal(size=(3, 9, 2))

    def divergence(self):
        return np.allclose(self.kl(self.m, self.v), exact(self.m, self.v), atol=1e-3)

    def spread(self):
        return np.allclose(self.sample(self.m, self.v, self.e), self.m + np.exp(self.v) ** 0.5 * self.e, atol=1e-3)


def looks_healthy(kl, sample):
    suite = Suite(kl, sample)
    return all(bool(check()) for check in (suite.divergence, suite.spread))
