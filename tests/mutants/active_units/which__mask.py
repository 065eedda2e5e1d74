# expects: units.which
"""Says which."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return np.var(z_mean, axis=0) > threshold
