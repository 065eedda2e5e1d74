"""A fit to thirty random changes."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    rng = np.random.default_rng(0)
    rows, values = [], []
    for _ in range(30):
        m = (rng.normal(size=z_mean.shape) * 3).astype("float32")
        v = rng.normal(size=z_mean.shape).astype("float32")
        p = rng.uniform(0.02, 0.98, x.shape).astype("float32")
        rows.append([reconstruction(x, p), divergence(m, v), 1])
        values.append(float(loss(x, p, m, v)))
    a, b, _ = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return b / a
