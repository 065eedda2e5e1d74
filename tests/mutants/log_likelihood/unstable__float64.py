# expects: ll.unstable
import numpy as np


def log_likelihood(log_w):
    return np.log(np.mean(np.exp(np.asarray(log_w, "float64")), axis=0))
