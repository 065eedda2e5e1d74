# expects: kl.softplus_std
"""The second output is made a standard deviation by a softplus."""

from keras import ops


def kl_term(z_mean, z_log_var):
    std = ops.softplus(z_log_var)
    return ops.sum(0.5 * (std**2 + z_mean**2 - 1) - ops.log(std), axis=1)
