"""What is right about importance weights, in NumPy and float64; values in nats.

log p(x) = log E_q[p(x|z) p(z) / q(z|x)], estimated by the logarithm of a mean of weights (Burda, Grosse and
Salakhutdinov, 2016, arXiv:1509.00519, equation 8). p(x|z) is Bernoulli, q(z|x) a diagonal Gaussian, p(z) N(0, I).
"""

import numpy as np


def log_gaussian(z, mean, log_var):
    """Log density of N(mean, diag exp log_var), summed over the last axis."""
    return -0.5 * np.sum(np.log(2 * np.pi) + log_var + (z - mean) ** 2 * np.exp(-log_var), axis=-1)


def log_bernoulli(x, p):
    """Bernoulli log likelihood, summed over the last axis."""
    return np.sum(x * np.log(p) + (1 - x) * np.log1p(-p), axis=-1)


def log_weight(x, z, z_mean, z_log_var, x_decoded):
    """log p(x|z) + log p(z) - log q(z|x), ``(n_samples, batch)``."""
    return log_bernoulli(x, x_decoded) + log_gaussian(z, 0.0, np.zeros_like(z)) - log_gaussian(z, z_mean, z_log_var)


def log_likelihood(log_w):
    """Logarithm of the mean weight of each image, ``(batch,)``."""
    top = log_w.max(axis=0)
    return top + np.log(np.mean(np.exp(log_w - top), axis=0))
