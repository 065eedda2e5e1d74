# expects: ll.wrong_axis
import numpy as np
from keras import ops


def log_likelihood(log_w):
    return ops.logsumexp(log_w, axis=1) - np.log(log_w.shape[1])
