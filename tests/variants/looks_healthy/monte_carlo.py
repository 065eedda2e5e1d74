"""A Monte Carlo estimate of the KL, and the variance of many samples."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(0)
    n = 100_000
    for m, v in ((1.3, -2.0), (-0.6, 1.0), (0.4, 0.7)):
        eps = rng.normal(size=(n, 2))
        mean, log_var = np.full((n, 2), m), np.full((n, 2), v)
        z = m + np.exp(v / 2) * eps
        estimate = (0.5 * (z**2 - eps**2) - 0.5 * v).sum(axis=1).mean()
        if abs(float(kl(mean[:1], log_var[:1])[0]) - estimate) > 0.05:
            return False
        drawn = np.array(sample(mean, log_var, eps))
        if abs(drawn.mean() - m) > 0.03 or abs(drawn.var() / np.exp(v) - 1) > 0.03:
            return False
    return True
