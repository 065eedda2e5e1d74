# expects: iw.normalised
import numpy as np
from keras import ops


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    log_p_x = ops.sum(x * ops.log(x_decoded) + (1 - x) * ops.log(1 - x_decoded), axis=-1)
    log_p_z = -0.5 * ops.sum(ops.square(z) + np.log(2 * np.pi), axis=-1)
    log_q = -0.5 * ops.sum(ops.square(z - z_mean) / ops.exp(z_log_var) + z_log_var + np.log(2 * np.pi), axis=-1)
    return ops.log_softmax(log_p_x + log_p_z - log_q, axis=0)
