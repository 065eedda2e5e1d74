# expects: units.standard_deviation
"""Standard deviation against the threshold."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((np.std(z_mean, axis=0) > threshold).sum())
