import numpy as np


def log_likelihood(log_w):
    w = np.array(log_w, dtype=np.float64)
    top = np.amax(w, axis=0)
    w -= top
    return (top + np.log(np.exp(w).sum(axis=0)) - np.log(w.shape[0])).astype("float32")
