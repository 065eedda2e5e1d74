import numpy as np
from keras import ops


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_p_x = ops.einsum("bp,kbp->kb", x, ops.log(x_decoded)) + ops.einsum("bp,kbp->kb", 1 - x, ops.log(1 - x_decoded))
    away = (z - z_mean) * ops.exp(-0.5 * z_log_var)
    return log_p_x - 0.5 * ops.einsum("kbd,kbd->kb", z, z) + 0.5 * (ops.einsum("kbd,kbd->kb", away, away) + ops.sum(z_log_var, axis=-1))
