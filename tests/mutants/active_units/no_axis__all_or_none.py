# expects: units.no_axis
"""All dimensions or none."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return z_mean.shape[1] if np.var(z_mean) > threshold else 0
