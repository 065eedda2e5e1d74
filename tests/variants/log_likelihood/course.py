from keras import ops


def log_likelihood(log_w):
    return ops.logsumexp(log_w, axis=0) - ops.log(ops.cast(ops.shape(log_w)[0], log_w.dtype))
