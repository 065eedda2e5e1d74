"""A NumPy integer."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return np.count_nonzero(np.var(z_mean, axis=0) > threshold)
