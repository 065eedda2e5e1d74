# expects: units.wrong_axis
"""Variance over the last axis."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int(np.count_nonzero(z_mean.var(-1) > threshold))
