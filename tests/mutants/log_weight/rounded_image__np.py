# expects: iw.rounded_pixels
import numpy as np
from scipy.stats import norm


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    x, z, z_mean, z_log_var, x_decoded = (np.asarray(a) for a in (x, z, z_mean, z_log_var, x_decoded))
    log_p_x = np.log(np.where(x > 0.5, x_decoded, 1 - x_decoded)).sum(-1)
    log_p_z = norm.logpdf(z).sum(-1)
    log_q = norm.logpdf(z, z_mean, np.exp(0.5 * z_log_var)).sum(-1)
    return log_p_x + log_p_z - log_q
