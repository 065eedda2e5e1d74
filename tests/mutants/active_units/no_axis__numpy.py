# expects: units.no_axis
"""One variance for everything."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int(np.sum(np.var(z_mean) > threshold))
