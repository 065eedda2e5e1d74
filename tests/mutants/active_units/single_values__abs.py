# expects: units.single_values
"""Counts numbers."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((np.abs(z_mean) > threshold).sum())
