"""Several sizes of the latent space."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(10)
    for size in (1, 2, 7):
        m, v, e = rng.uniform(-2, 2, size=(3, 5, size))
        if np.abs(np.asarray(kl(m, v)) - 0.5 * np.sum(np.exp(v) + m**2 - 1 - v, axis=-1)).max() > 1e-3 or np.abs(np.asarray(sample(m, v, e) - m) - np.exp(v / 2) * e).max() > 1e-3:
            return False
    return True
