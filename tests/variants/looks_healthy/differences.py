"""Finite differences of the KL, one factor at a time."""

import numpy as np


def looks_healthy(kl, sample):
    h = 0.05
    for m in (-1.7, 0.3, 2.2):
        for v in (-1.5, 0.4, 1.3):
            def f(a, b):
                return float(kl(np.full((1, 3), a), np.full((1, 3), b))[0])
            slope_m = (f(m + h, v) - f(m - h, v)) / (2 * h)
            slope_v = (f(m, v + h) - f(m, v - h)) / (2 * h)
            if abs(slope_m - 3 * m) > 0.05 or abs(slope_v - 1.5 * (np.exp(v) - 1)) > 0.05:
                return False
            z = float(np.array(sample([[m]], [[v]], [[-1.3]]))[0, 0])
            if abs(z - m + 1.3 * np.exp(v / 2)) > 0.01:
                return False
    return abs(float(kl([[0.0, 0.0]], [[0.0, 0.0]])[0])) < 1e-4
