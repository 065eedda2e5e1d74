# expects: ll.keepdims
import numpy as np
from keras import ops


def log_likelihood(log_w):
    return ops.logsumexp(log_w, axis=0, keepdims=True) - np.log(log_w.shape[0])
