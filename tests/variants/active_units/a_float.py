"""A whole number as float."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return float(np.sum(np.var(z_mean, axis=0) > threshold))
