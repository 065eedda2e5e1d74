# expects: 
"""A list of indices."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return [i for i, v in enumerate(np.var(z_mean, axis=0)) if v > threshold]
