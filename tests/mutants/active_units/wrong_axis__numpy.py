# expects: units.wrong_axis
"""Variance over the dimensions of each image."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int(np.sum(np.var(z_mean, axis=1) > threshold))
