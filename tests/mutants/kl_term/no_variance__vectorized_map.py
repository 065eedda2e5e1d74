# expects: kl.no_variance
"""Written for one image, then mapped over the batch; exp(v) is missing."""

from keras import ops


def of_one_image(parts):
    z_mean, z_log_var = parts
    return 0.5 * ops.sum(ops.square(z_mean) - z_log_var - 1)


def kl_term(z_mean, z_log_var):
    return ops.vectorized_map(of_one_image, (z_mean, z_log_var))
