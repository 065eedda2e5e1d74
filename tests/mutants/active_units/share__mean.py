# expects: units.share
"""A share."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return float((np.var(z_mean, axis=0) > threshold).mean())
