import numpy as np
from keras import ops


def log_likelihood(log_w):
    total = log_w[0]
    for row in log_w[1:]:
        total = ops.logaddexp(total, row)
    return total - np.log(len(log_w))
