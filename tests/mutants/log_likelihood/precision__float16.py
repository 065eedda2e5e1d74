# expects: ll.precision, ll.unstable
import numpy as np
from keras import ops


def log_likelihood(log_w):
    small = ops.cast(log_w, "float16")
    return ops.cast(ops.logsumexp(small, axis=0), "float32") - np.log(log_w.shape[0])
