# expects:
"""The caller's codes are centred."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    z_mean -= z_mean.mean(axis=0)
    return int(((z_mean**2).mean(axis=0) > threshold).sum())
