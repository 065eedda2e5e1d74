"""The mean over ten codes."""

import numpy as np

from vaelab import metrics


def anomaly_score(x, encoder, decoder):
    z_mean, z_log_var = metrics.encode(encoder, x)
    rng = np.random.default_rng()
    error = 0
    for _ in range(10):
        p = metrics.decode(decoder, z_mean + np.exp(0.5 * z_log_var) * rng.normal(size=z_mean.shape))
        error = error + ((x - p) ** 2).sum(1)
    return error / (10 * (x**2).sum(1) + 1e-3)
