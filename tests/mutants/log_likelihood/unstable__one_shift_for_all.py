# expects: ll.unstable
import numpy as np


def log_likelihood(log_w):
    log_w = np.asarray(log_w)
    top = log_w.max()
    return top + np.log(np.exp(log_w - top).mean(0))
