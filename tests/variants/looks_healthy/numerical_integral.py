"""Integrates q (log q - log p) on a grid, one dimension at a time."""

import numpy as np


def integral(m, v):
    z = np.linspace(-25, 25, 20_001)
    log_q = -0.5 * (z - m) ** 2 / np.exp(v) - 0.5 * v
    log_p = -0.5 * z**2
    return np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1] - z[0]) / np.sqrt(2 * np.pi)


def looks_healthy(kl, sample):
    pairs = np.array([(0.0, 0.0), (1.5, -1.2), (-2.5, 1.4), (0.6, 0.9)])
    m, v = pairs[:, :1], pairs[:, 1:]
    one = np.array([integral(a, b) for a, b in pairs])
    if np.abs(np.array(kl(m, v)) - one).max() > 1e-3:
        return False
    if abs(float(kl(m[1:].T, v[1:].T)[0]) - one[1:].sum()) > 1e-3:  # dimensions add up
        return False
    noise = np.array([[1.0], [-2.0], [0.5], [1.5]])
    ratio = (np.array(sample(m, v, noise)) - m) / noise
    return bool(np.allclose(ratio**2, np.exp(v), rtol=1e-3))
