# expects: anomaly.misses, anomaly.ink, anomaly.sign
"""The KL alone."""

import numpy as np


def reconstruct(x, encoder, decoder):
    z_mean, z_log_var = encoder.predict(x, verbose=0)
    return decoder.predict(z_mean, verbose=0), z_mean, z_log_var


def bernoulli(x, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)


def divergence(m, v):
    return 0.5 * (m**2 + np.exp(v) - v - 1).sum(axis=1)


def anomaly_score(x, encoder, decoder):
    p, z_mean, z_log_var = reconstruct(x, encoder, decoder)
    return divergence(z_mean, z_log_var)
