"""A helper for both terms."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    def weight(own, first, second):
        return (float(loss(*first)) - float(loss(*second))) / (own(*first) - own(*second))

    given = x, x_decoded, z_mean, z_log_var
    wide = x, x_decoded, z_mean, z_log_var + 1
    blurred = x, np.broadcast_to(x_decoded.mean(0), x.shape), z_mean, z_log_var
    if len(x) == 1:
        blurred = x, np.full_like(x, 0.3), z_mean, z_log_var
    return weight(lambda x, p, m, v: divergence(m, v), wide, given) / weight(
        lambda x, p, m, v: reconstruction(x, p), blurred, given
    )
