# expects: anomaly.beside
"""Scores have mean 0 and standard deviation 1, whatever the images."""

import numpy as np

from vaelab import metrics


def anomaly_score(x, encoder, decoder):
    p = metrics.decode(decoder, metrics.encode(encoder, x)[0])
    s = ((x - p) ** 2).sum(1) / np.maximum((x**2).sum(1), 1e-6)
    return (s - s.mean()) / s.std()
