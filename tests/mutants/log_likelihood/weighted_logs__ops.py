# expects: ll.weighted_logs
from keras import ops


def log_likelihood(log_w):
    return ops.sum(ops.softmax(log_w, axis=0) * log_w, axis=0)
