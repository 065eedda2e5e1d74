# expects: anomaly.beside
"""The rank of an image among those that it comes with."""

import numpy as np

from vaelab import metrics


def anomaly_score(x, encoder, decoder):
    x_decoded = metrics.decode(decoder, metrics.encode(encoder, x)[0])
    error = np.square(x - x_decoded).sum(axis=1) / (np.square(x).sum(axis=1) + 1e-6)
    return error.argsort().argsort() / len(x)
