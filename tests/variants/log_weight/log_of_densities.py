import numpy as np


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    std = np.exp(np.asarray(z_log_var, "float64") / 2)
    z, z_mean = np.asarray(z, "float64"), np.asarray(z_mean, "float64")

    def log_density(t, s):
        return -np.log(s * np.sqrt(2 * np.pi)) - t * t / 2

    log_p_x = np.sum(np.log(np.asarray(x_decoded, "float64")) * x + np.log(1 - np.asarray(x_decoded, "float64")) * (1 - np.asarray(x)), -1)
    return log_p_x + np.sum(log_density(z, 1.0), -1) - np.sum(log_density((z - z_mean) / std, std), -1)
