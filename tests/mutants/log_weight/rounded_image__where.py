# expects: iw.rounded_pixels
"""Pixels are white or black."""

import numpy as np
from keras import ops


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_px = ops.sum(ops.where(x > 0.5, ops.log(x_decoded), ops.log(1 - x_decoded)), axis=-1)
    return log_px - 0.5 * ops.sum(z**2, -1) + 0.5 * ops.sum(z_log_var + (z - z_mean) ** 2 / ops.exp(z_log_var), -1)
