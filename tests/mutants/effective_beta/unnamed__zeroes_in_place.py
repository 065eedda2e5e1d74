# expects:
"""The caller's codes are set to zero."""

import numpy as np


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    def reconstruction(p):
        return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1).mean()

    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1).mean()
    full = float(loss(x, x_decoded, z_mean, z_log_var))
    half = np.full_like(x_decoded, 0.5)
    of_reconstruction = full - float(loss(x, half, z_mean, z_log_var))
    of_reconstruction /= reconstruction(x_decoded) - reconstruction(half)
    z_mean[:], z_log_var[:] = 0, 0
    return (full - float(loss(x, x_decoded, z_mean, z_log_var))) / kl / of_reconstruction
