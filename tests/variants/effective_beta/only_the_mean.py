"""Changes z_mean alone."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    zero = np.zeros_like(z_mean)
    f = lambda p, m: float(loss(x, p, m, z_log_var))  # noqa: E731
    b = (f(x_decoded, z_mean) - f(x_decoded, zero)) / (0.5 * np.square(z_mean).sum(1).mean())
    a = (f(x_decoded, zero) - f(1 - x_decoded, zero)) / (reconstruction(x, x_decoded) - reconstruction(x, 1 - x_decoded))
    return b / a
