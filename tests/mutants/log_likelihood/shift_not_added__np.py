# expects: ll.shift
import numpy as np


def log_likelihood(log_w):
    log_w = np.asarray(log_w)
    return np.log(np.exp(log_w - log_w.max(0)).mean(0))
