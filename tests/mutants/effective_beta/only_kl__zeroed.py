# expects: beta.only_kl
"""Difference to no KL, over the KL."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    zero = np.zeros_like(z_mean)
    with_kl, without = (float(loss(x, x_decoded, m, v)) for m, v in ((z_mean, z_log_var), (zero, zero)))
    return (with_kl - without) / divergence(z_mean, z_log_var)
