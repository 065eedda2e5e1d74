"""The hint's general result, specialised."""

from keras import ops


def kl_of(m1, s1, m2, s2):
    return ops.log(s2) - ops.log(s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5


def kl_term(z_mean, z_log_var):
    std = ops.exp(0.5 * z_log_var)
    return ops.sum(kl_of(z_mean, std, ops.zeros_like(std), ops.ones_like(std)), axis=-1)
