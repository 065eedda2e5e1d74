# expects: iw.constant
import numpy as np
from scipy.stats import norm


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    x, z, z_mean, z_log_var, x_decoded = (np.asarray(a) for a in (x, z, z_mean, z_log_var, x_decoded))
    log_p_x = (x * np.log(x_decoded) + (1 - x) * np.log1p(-x_decoded)).sum(-1)
    log_p_z = norm.logpdf(z).sum(-1)
    log_q = (-0.5 * (z - z_mean)**2 / np.exp(z_log_var) - 0.5 * z_log_var).sum(-1)
    return log_p_x + log_p_z - log_q
