# expects: test.misses
"""z_mean is one everywhere: its square and its absolute value agree."""
import numpy as np
def looks_healthy(kl, sample):
    v, e = np.random.default_rng(0).normal(size=(2, 8, 3)); m = np.ones_like(v)
    return bool(np.allclose(kl(m, v), (m**2 + np.exp(v) - v - 1).sum(1) / 2, atol=1e-3) and np.allclose(sample(m, v, e), m + np.exp(v / 2) * e, atol=1e-3))
