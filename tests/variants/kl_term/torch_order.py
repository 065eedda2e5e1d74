"""The order of PyTorch's example."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return -0.5 * ops.sum(1 + z_log_var - ops.power(z_mean, 2) - ops.exp(z_log_var), axis=1)
