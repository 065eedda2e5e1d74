"""Other names for the arguments."""

from keras import ops


def kl_term(mu, log_sigma_squared):
    variance = ops.exp(log_sigma_squared)
    return ops.sum((variance + mu**2 - 1 - log_sigma_squared) / 2, axis=-1)
