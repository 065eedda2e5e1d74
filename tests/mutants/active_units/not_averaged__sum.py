# expects: units.not_averaged
"""Adds the squares up."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((((z_mean - z_mean.mean(0)) ** 2).sum(0) > threshold).sum())
