# expects: units.fixed_threshold
"""The threshold is written into the function."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((z_mean.var(axis=0) > 0.01).sum())
