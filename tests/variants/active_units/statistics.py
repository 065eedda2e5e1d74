"""Python's own variance, which divides by N - 1."""

import statistics


def active_units(z_mean, threshold=0.01):
    return sum(statistics.variance(column) > threshold for column in z_mean.T.tolist())
