# expects: test.too_strict
# trial: B
"""A Monte Carlo estimate, and a tolerance that is no use for it."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(3)
    m, v, e = rng.normal(size=(3, 6, 3))
    z = m + np.exp(v / 2) * np.random.default_rng(4).normal(size=(200, 6, 3))
    log_q, log_p = -0.5 * ((z - m) ** 2 / np.exp(v) + v), -0.5 * z**2
    estimate = (log_q - log_p).sum(-1).mean(0)
    return bool(np.allclose(kl(m, v), estimate, rtol=1e-4) and np.allclose(sample(m, v, e), m + np.exp(v / 2) * e, rtol=1e-4))
