# expects: units.of_the_mean
"""Absolute mean over the images."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((np.abs(np.mean(z_mean, axis=0)) > threshold).sum())
