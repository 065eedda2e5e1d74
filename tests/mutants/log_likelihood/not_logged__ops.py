# expects: ll.not_logged
from keras import ops


def log_likelihood(log_w):
    return ops.mean(ops.exp(log_w), axis=0)
