import numpy as np
from keras import ops


def log_likelihood(log_w):
    return (log_w - ops.log_softmax(log_w, axis=0))[0] - np.log(log_w.shape[0])
