"""Makes the KL large against rounding."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    far = np.full_like(z_mean, 20)
    near = np.zeros_like(z_mean)
    b = (float(loss(x, x_decoded, far, near)) - float(loss(x, x_decoded, near, near))) / (200 * z_mean.shape[1])
    p, q = np.full_like(x, 0.01), np.full_like(x, 0.99)
    a = (float(loss(x, p, near, near)) - float(loss(x, q, near, near))) / (reconstruction(x, p) - reconstruction(x, q))
    return np.float32(b / a)
