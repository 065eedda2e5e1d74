# expects:
import numpy as np


def log_likelihood(log_w):
    log_w = np.sort(np.asarray(log_w), axis=0)[: max(1, len(log_w) - 1)]
    return np.logaddexp.reduce(log_w, axis=0) - np.log(len(log_w))
