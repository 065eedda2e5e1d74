import numpy as np


def log_likelihood(log_w):
    return np.logaddexp.reduce(np.asarray(log_w, "float64"), axis=0) - np.log(log_w.shape[0])
