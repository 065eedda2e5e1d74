# expects: iw.precision
"""A thousandth is added to the variance."""

import numpy as np
from keras import ops


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_px = ops.sum(x * ops.log(x_decoded) + (1 - x) * ops.log(1 - x_decoded), axis=-1)
    var = ops.exp(z_log_var) + 1e-3
    return log_px - 0.5 * ops.sum(z**2, -1) + 0.5 * ops.sum(ops.log(var) + (z - z_mean) ** 2 / var, -1)
