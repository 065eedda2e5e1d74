from keras import ops


def log_likelihood(log_w):
    top = ops.max(log_w, axis=0)
    return top + ops.log(ops.mean(ops.exp(log_w - top), axis=0))
