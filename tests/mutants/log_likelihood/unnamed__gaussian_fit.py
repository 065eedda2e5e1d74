# expects:
import numpy as np


def log_likelihood(log_w):
    log_w = np.asarray(log_w)
    return log_w.mean(0) + 0.4 * log_w.var(0)
