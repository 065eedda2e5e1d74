# expects: iw.log_std
import numpy as np
from keras import ops


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_p_x = ops.sum(x * ops.log(x_decoded) + (1 - x) * ops.log(1 - x_decoded), axis=-1)
    log_p_z = -0.5 * ops.sum(ops.square(z) + np.log(2 * np.pi), axis=-1)
    log_q = -ops.sum(0.5 * ops.square(z - z_mean) / ops.exp(z_log_var) + z_log_var + 0.5 * np.log(2 * np.pi), axis=-1)
    return log_p_x + log_p_z - log_q
