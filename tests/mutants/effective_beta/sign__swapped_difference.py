# expects: beta.sign
"""One of the two differences is taken the other way round."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    zero = np.zeros_like(z_mean)
    half = np.full_like(x_decoded, 0.5)
    full = float(loss(x, x_decoded, z_mean, z_log_var))
    b = (full - float(loss(x, x_decoded, zero, zero))) / divergence(z_mean, z_log_var)
    a = (float(loss(x, half, z_mean, z_log_var)) - full) / (reconstruction(x, x_decoded) - reconstruction(x, half))
    return b / a
