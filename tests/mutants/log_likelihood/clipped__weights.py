# expects: ll.clipped
from keras import ops


def log_likelihood(log_w):
    return ops.log(ops.mean(ops.exp(ops.clip(log_w, -80, 80)), axis=0))
