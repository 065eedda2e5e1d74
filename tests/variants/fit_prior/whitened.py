"""The mixture in whitened coordinates, back to codes afterwards."""

import numpy as np
from scipy.cluster.vq import kmeans2


def fit_prior(codes):
    centre, scale = codes.mean(0), codes.std(0)
    white = (codes - centre) / scale
    means, groups = kmeans2(white, 30, minit="++", seed=3)
    spread = [np.cov(white[groups == k].T) if (groups == k).sum() > 9 else None for k in range(30)]
    used = [k for k in range(30) if spread[k] is not None]
    shares = np.array([(groups == k).sum() for k in used]) / sum((groups == k).sum() for k in used)

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        drawn = [rng.multivariate_normal(means[k], spread[k]) for k in rng.choice(used, n, p=shares)]
        return (np.array(drawn) * scale + centre).astype("float32")

    return sample
