# expects:
"""One decimal is kept."""

import numpy as np


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    def rec(p):
        return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1).mean()

    half, zero = np.full_like(x_decoded, 0.5), np.zeros_like(z_mean)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1).mean()
    f = float(loss(x, x_decoded, z_mean, z_log_var))
    return round(
        (f - float(loss(x, x_decoded, zero, zero)))
        / kl
        / ((f - float(loss(x, half, z_mean, z_log_var))) / (rec(x_decoded) - rec(half))),
        1,
    )
