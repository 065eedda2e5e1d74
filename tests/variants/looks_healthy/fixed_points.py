"""A few values worked out by hand."""

import numpy as np

M = np.array([[0.5, -1.5, 2.5], [0.0, 0.0, 0.0]])
V = np.array([[-1.0, 0.5, 1.5], [0.0, 0.0, 0.0]])


def looks_healthy(kl, sample):
    by_hand = [sum((m * m + np.exp(v) - v - 1) / 2 for m, v in zip(*row)) for row in zip(M, V)]
    if np.abs(np.array(kl(M, V)) - by_hand).max() > 1e-3:
        return False
    eps = np.full(M.shape, 0.7)
    return bool(np.abs(np.array(sample(M, V, eps)) - (M + 0.7 * np.sqrt(np.exp(V)))).max() < 1e-3)
