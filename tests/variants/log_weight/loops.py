import math


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    import numpy as np

    rows = []
    for k in range(z.shape[0]):
        row = []
        for i in range(z.shape[1]):
            value = 0.0
            for pixel, p in zip(x[i].numpy().tolist(), x_decoded[k, i].numpy().tolist()):
                value += pixel * math.log(p) + (1 - pixel) * math.log(1 - p)
            for code, mean, log_var in zip(*(a.numpy().tolist() for a in (z[k, i], z_mean[i], z_log_var[i]))):
                value -= 0.5 * code**2
                value += 0.5 * (log_var + (code - mean) ** 2 / math.exp(log_var))
            row.append(value)
        rows.append(row)
    return np.array(rows)
