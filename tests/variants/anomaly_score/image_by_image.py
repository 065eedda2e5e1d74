"""One image at a time."""

import numpy as np


def reconstruct(x, encoder, decoder):
    z_mean, z_log_var = encoder.predict(x, verbose=0)
    return decoder.predict(z_mean, verbose=0), z_mean, z_log_var


def bernoulli(x, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1)


def divergence(m, v):
    return 0.5 * (m**2 + np.exp(v) - v - 1).sum(axis=1)


def anomaly_score(x, encoder, decoder):
    scores = []
    for image, p in zip(x, reconstruct(x, encoder, decoder)[0]):
        scores.append(1 - np.corrcoef(np.append(image, [0, 1e-3]), np.append(p, [0, 1e-3]))[0, 1])
    return np.array(scores)
