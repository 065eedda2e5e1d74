# expects: test.misses
"""Only looks at the prior."""

import numpy as np


def looks_healthy(kl, sample):
    zero = np.zeros((2, 3))
    return bool(np.allclose(kl(zero, zero), 0, atol=1e-5) and not np.allclose(sample(zero, zero, zero + 1), 0))
