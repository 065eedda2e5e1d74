"""Samples as a tensor, drawn by Keras."""

import keras
import numpy as np
from scipy.cluster.vq import kmeans2


def fit_prior(codes):
    means, groups = kmeans2(codes, 20, minit="++", seed=5)
    stds = np.stack([codes[groups == k].std(0) if (groups == k).any() else 0 * codes[0] for k in range(20)])
    logs = np.log(np.bincount(groups, minlength=20) + 1e-9)[None]

    def sample(n, seed):
        chosen = keras.random.categorical(logs.astype("float32"), n, seed=seed)[0]
        noise = keras.random.normal((n, codes.shape[1]), seed=seed + 1)
        return keras.ops.take(means.astype("float32"), chosen, axis=0) + keras.ops.take(stds, chosen, axis=0) * noise

    return sample
