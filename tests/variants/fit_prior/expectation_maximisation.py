"""EM for a mixture of sixteen Gaussians."""

import numpy as np
from scipy.special import logsumexp


def log_gaussian(x, mean, covariance):
    factor = np.linalg.cholesky(covariance)
    y = np.linalg.solve(factor, (x - mean).T)
    return -0.5 * (y**2).sum(0) - np.log(np.diag(factor)).sum() - 0.5 * len(mean) * np.log(2 * np.pi)


def fit_prior(codes):
    codes = np.asarray(codes, "float64")
    rng = np.random.default_rng(0)
    size, ridge = codes.shape[1], 1e-4 * np.eye(codes.shape[1])
    starts = [codes[0]]
    for _ in range(15):  # each new start is far from the others
        distance = np.min([((codes - s) ** 2).sum(1) for s in starts], axis=0)
        starts.append(codes[rng.choice(len(codes), p=distance / distance.sum())])
    means, covariances, weights = np.array(starts), [np.eye(size) * 0.2] * 16, np.full(16, 1 / 16)
    for _ in range(15):
        logs = np.stack([np.log(w + 1e-12) + log_gaussian(codes, m, c) for w, m, c in zip(weights, means, covariances)], 1)
        share = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        total = share.sum(0) + 1e-9
        weights, means = total / total.sum(), share.T @ codes / total[:, None]
        covariances = [((codes - m).T * share[:, k]) @ (codes - m) / total[k] + ridge for k, m in enumerate(means)]

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        factors = np.linalg.cholesky(covariances)
        chosen = rng.choice(16, n, p=weights)
        return means[chosen] + np.einsum("nij,nj->ni", factors[chosen], rng.normal(size=(n, size)))

    return sample
