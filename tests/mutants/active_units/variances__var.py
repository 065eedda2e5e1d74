# expects: units.variances
"""Returns the variances."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return np.var(z_mean, axis=0)
