# expects: kl.floor_each
"""Free bits for each dimension: 0.3 nats of each cost the same as none."""

from keras import ops


def kl_term(z_mean, z_log_var):
    each = 0.5 * (ops.exp(z_log_var) + z_mean**2 - 1 - z_log_var)
    return ops.sum(ops.maximum(each, 0.3), axis=-1)
