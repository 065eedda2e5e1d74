"""The angle to the reconstruction, and the ratio of the ink."""

import numpy as np

from vaelab import metrics


def anomaly_score(x, encoder, decoder):
    p = metrics.decode(decoder, metrics.encode(encoder, x)[0])
    scale = np.sqrt((x**2).sum(1) * (p**2).sum(1)) + 1e-9
    cosine = (x * p).sum(1) / scale
    ratio = np.abs(np.log((x.sum(1) + 1e-3) / (p.sum(1) + 1e-3)))
    return (1 - cosine) + 0.5 * ratio
