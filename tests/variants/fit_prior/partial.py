"""functools.partial in place of a closure."""

import functools

import numpy as np
from scipy.cluster.vq import kmeans2


def draw(codes, groups, n, seed):
    """A random code's group, as a Gaussian."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in groups[rng.integers(len(groups), size=n)]:
        members = codes[groups == k]
        rows.append(members.mean(0) + rng.normal(size=len(members)) @ (members - members.mean(0)) / len(members) ** 0.5)
    return np.array(rows)


def fit_prior(codes):
    means, groups = kmeans2(codes, 12, minit="++", seed=4)
    return functools.partial(draw, codes, groups)
