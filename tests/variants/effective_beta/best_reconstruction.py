"""x_decoded set to x."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    zero = np.zeros_like(z_mean)
    full = float(loss(x, x_decoded, z_mean, z_log_var))
    b = (full - float(loss(x, x_decoded, zero, zero))) / divergence(z_mean, z_log_var)
    a = (full - float(loss(x, x, z_mean, z_log_var))) / (reconstruction(x, x_decoded) - reconstruction(x, x))
    return b / a
