# expects:
"""The caller's images are clipped."""

import numpy as np

from vaelab import metrics


def anomaly_score(x, encoder, decoder):
    x_decoded = metrics.decode(decoder, metrics.encode(encoder, x)[0])
    np.clip(x, 1e-4, 1 - 1e-4, out=x)
    return np.square(x - x_decoded).sum(axis=1) / np.square(x).sum(axis=1)
