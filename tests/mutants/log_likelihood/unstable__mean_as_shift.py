# expects: ll.unstable
from keras import ops


def log_likelihood(log_w):
    shift = ops.mean(log_w, axis=0)
    return shift + ops.log(ops.mean(ops.exp(log_w - shift), axis=0))
