# expects: prior.too_narrow
"""Centres and little noise."""

import numpy as np
from scipy.cluster.vq import kmeans2


def fit_prior(codes):
    # One start in each group: the code farthest from all starts so far.
    corners = [codes[0]]
    while len(corners) < 12 and (gaps := np.min([((codes - c) ** 2).sum(1) for c in corners], axis=0)).max() > 7:
        corners.append(codes[gaps.argmax()])
    means, groups = kmeans2(codes, np.stack(corners), minit="matrix")
    used = [k for k in range(len(corners)) if (groups == k).sum() > codes.shape[1] + 1]
    shares = np.array([(groups == k).sum() for k in used], float)
    means = [codes[groups == k].mean(axis=0) for k in used]
    factors = [np.linalg.cholesky(np.cov(codes[groups == k].T)) for k in used]

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(used), n, p=shares / shares.sum())
        noise = rng.normal(size=(n, codes.shape[1]))
        return np.stack([means[k] + 0.05 * e for k, e in zip(chosen, noise)])

    return sample
