import numpy as np
from keras import ops


def log_likelihood(log_w):
    parts = [ops.logsumexp(log_w[i : i + 2], axis=0) for i in range(0, log_w.shape[0], 2)]
    return ops.logsumexp(ops.stack(parts), axis=0) - np.log(log_w.shape[0])
