# expects: ll.sum_of_weights
from keras import ops


def log_likelihood(log_w):
    return ops.logsumexp(log_w, axis=0)
