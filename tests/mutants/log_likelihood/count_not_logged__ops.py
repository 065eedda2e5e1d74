# expects: ll.count
from keras import ops


def log_likelihood(log_w):
    return ops.logsumexp(log_w, axis=0) - log_w.shape[0]
