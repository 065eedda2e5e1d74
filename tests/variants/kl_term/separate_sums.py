"""Each term summed on its own."""

from keras import ops


def kl_term(z_mean, z_log_var):
    size = z_mean.shape[1]
    squares = ops.sum(z_mean**2, axis=1)
    variances = ops.sum(ops.exp(z_log_var), axis=1)
    logs = ops.sum(z_log_var, axis=1)
    return (squares + variances - logs - size) / 2
