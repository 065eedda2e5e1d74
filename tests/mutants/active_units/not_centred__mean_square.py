# expects: units.not_centred
"""Mean square."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((np.mean(np.square(z_mean), axis=0) > threshold).sum())
