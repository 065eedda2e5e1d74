# expects: ll.precision
"""A thousandth is added inside the logarithm."""

from keras import ops


def log_likelihood(log_w):
    m = ops.max(log_w, axis=0)
    return m + ops.log(ops.mean(ops.exp(log_w - m), axis=0) + 1e-3)
