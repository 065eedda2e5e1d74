# expects: kl.no_gradient
"""Item 22: right values, stop_gradient."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return ops.stop_gradient(0.5 * ops.sum(z_mean**2 + ops.exp(z_log_var) - z_log_var - 1, axis=-1))
