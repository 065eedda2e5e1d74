# expects: kl.left_out
"""Item 4: nothing."""

from keras import ops


def kl_term(z_mean, z_log_var):
    return ops.zeros_like(z_mean[:, 0])
