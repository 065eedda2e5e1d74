# expects: kl.floor
"""Free bits: half a nat for each dimension is free."""

from keras import ops


def kl_term(z_mean, z_log_var):
    kl = 0.5 * ops.sum(ops.exp(z_log_var) + z_mean**2 - 1 - z_log_var, axis=-1)
    return ops.maximum(kl, 0.5 * z_mean.shape[-1])
