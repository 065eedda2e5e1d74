# expects: ll.other_average
import numpy as np


def log_likelihood(log_w):
    return np.median(log_w, axis=0)
