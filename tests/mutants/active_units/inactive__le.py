# expects: units.inactive
"""Counts the other ones."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((np.var(z_mean, axis=0) <= threshold).sum())
