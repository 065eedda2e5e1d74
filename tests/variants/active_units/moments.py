"""Mean square minus squared mean, in float64."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    z = np.asarray(z_mean, 'float64')
    return int(((z**2).mean(0) - z.mean(0) ** 2 > threshold).sum())
