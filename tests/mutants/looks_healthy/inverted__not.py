# expects: test.inverted
# trial: B
"""True means wrong."""

import numpy as np


def looks_healthy(kl, sample):
    rng = np.random.default_rng(1)
    m, v, e = rng.normal(size=(3, 9, 4))
    wrong_kl = not np.allclose(kl(m, v), 0.5 * np.sum(np.exp(v) + m**2 - 1 - v, axis=1), rtol=1e-3, atol=1e-4)
    wrong_z = not np.allclose(sample(m, v, e), m + np.exp(v / 2) * e, rtol=1e-3, atol=1e-4)
    return wrong_kl or wrong_z
