# expects: ll.count
import numpy as np


def log_likelihood(log_w):
    from scipy.special import logsumexp

    return logsumexp(log_w, axis=0) + np.log(len(log_w))
