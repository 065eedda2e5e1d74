# expects: units.of_the_mean
"""Mean over the images."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((z_mean.mean(axis=0) > threshold).sum())
