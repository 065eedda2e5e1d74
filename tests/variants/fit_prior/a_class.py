"""An object that can be called."""

import numpy as np
from scipy.cluster.vq import kmeans2


class Prior:
    def __init__(self, codes, k=15):
        self.means, self.groups = kmeans2(codes, k, minit="++", seed=2)
        self.factors = [self.factor(codes[self.groups == i]) for i in range(k)]

    @staticmethod
    def factor(members):
        if len(members) <= members.shape[1]:
            return np.zeros((members.shape[1],) * 2)
        values, vectors = np.linalg.eigh(np.cov(members.T))
        return vectors * np.sqrt(values.clip(0))

    def __call__(self, n, seed):
        rng = np.random.default_rng(seed)
        group = self.groups[rng.integers(len(self.groups), size=n)]
        noise = rng.normal(size=(n, self.means.shape[1]))
        return np.array([self.means[k] + self.factors[k] @ e for k, e in zip(group, noise)])


def fit_prior(codes):
    return Prior(codes)
