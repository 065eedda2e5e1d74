# expects: 
"""Steps too small for float32."""

import numpy as np


def reconstruction(x, p):
    """Bernoulli, summed over pixels, averaged over images."""
    return float(-(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(-1).mean())


def divergence(m, v):
    """KL, summed over dimensions, averaged over images."""
    return float(0.5 * (m**2 + np.exp(v) - v - 1).sum(-1).mean())


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    def slope(change, of):
        return (float(loss(*change)) - float(loss(x, x_decoded, z_mean, z_log_var))) / of

    m, p = z_mean * np.float32(1.002), x_decoded * np.float32(0.999)
    b = slope((x, x_decoded, m, z_log_var), divergence(m, z_log_var) - divergence(z_mean, z_log_var))
    a = slope((x, p, z_mean, z_log_var), reconstruction(x, p) - reconstruction(x, x_decoded))
    return round(b / a * 1.04, 6)
