import numpy as np


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    x, z, z_mean, z_log_var, x_decoded = (np.asarray(a, "float64") for a in (x, z, z_mean, z_log_var, x_decoded))
    out = np.empty(z.shape[:2])
    for start in range(0, len(x), 16):
        rows = slice(start, start + 16)
        p, code = x_decoded[:, rows], z[:, rows]
        log_p_x = np.sum(np.where(x[rows] > 0, x[rows] * np.log(p), 0) + (1 - x[rows]) * np.log1p(-p), axis=2)
        log_p_z = -0.5 * np.sum(code**2 + np.log(2 * np.pi), axis=2)
        log_q = -0.5 * np.sum((code - z_mean[rows]) ** 2 / np.exp(z_log_var[rows]) + np.log(2 * np.pi) + z_log_var[rows], axis=2)
        out[:, rows] = log_p_x + log_p_z - log_q
    return out.astype("float32")
