"""The diagonal of the covariance, over N - 1."""

import numpy as np


def active_units(z_mean, threshold=0.01):
    return int((np.diag(np.atleast_2d(np.cov(z_mean, rowvar=False))) > threshold).sum())
