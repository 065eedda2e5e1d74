# expects: ll.base
import numpy as np


def log_likelihood(log_w):
    log_w = np.asarray(log_w)
    top = log_w.max(0)
    return top + np.log2(np.exp(log_w - top).mean(0))
