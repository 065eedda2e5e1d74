"""Standard deviations against the root of the threshold."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int(np.sum(z_mean.std(axis=0) > threshold**0.5))
