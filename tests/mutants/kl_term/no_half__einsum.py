# expects: kl.no_half
"""Item 2: without the half, dimension by dimension."""

from keras import ops


def kl_term(z_mean, z_log_var):
    total = 0.0
    for d in range(z_mean.shape[1]):
        total = total + z_mean[:, d] ** 2 + ops.exp(z_log_var[:, d]) - z_log_var[:, d] - 1
    return total
