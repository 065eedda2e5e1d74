# expects: prior.drops_a_group
"""The largest group only."""

import numpy as np
from scipy.cluster.vq import kmeans2


def fit_prior(codes):
    means, groups = kmeans2(codes, 20, minit="++", seed=0)
    used = [int(np.bincount(groups).argmax())]
    shares = np.array([(groups == k).sum() for k in used], float)
    means = [codes[groups == k].mean(axis=0) for k in used]
    factors = [np.linalg.cholesky(np.cov(codes[groups == k].T)) for k in used]

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(used), n, p=shares / shares.sum())
        noise = rng.normal(size=(n, codes.shape[1]))
        return np.stack([means[k] + factors[k] @ e for k, e in zip(chosen, noise)])

    return sample
