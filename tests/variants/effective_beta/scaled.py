"""Codes twice as far."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    full = float(loss(x, x_decoded, z_mean, z_log_var))
    b = (float(loss(x, x_decoded, 2 * z_mean, z_log_var)) - full) / (divergence(2 * z_mean, z_log_var) - divergence(z_mean, z_log_var))
    q = 0.5 * x_decoded + 0.2
    a = (float(loss(x, q, z_mean, z_log_var)) - full) / (reconstruction(x, q) - reconstruction(x, x_decoded))
    return b / a
