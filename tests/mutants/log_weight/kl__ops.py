# expects: iw.kl
import numpy as np
from keras import ops


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_p_x = ops.sum(x * ops.log(x_decoded) + (1 - x) * ops.log(1 - x_decoded), axis=-1)
    log_q = 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var, axis=-1)
    return log_p_x - log_q
