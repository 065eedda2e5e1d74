# expects: units.range
"""The range."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((np.ptp(z_mean, axis=0) > threshold).sum())
