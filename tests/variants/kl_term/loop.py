"""A loop over the latent dimensions."""

from keras import ops


def kl_term(z_mean, z_log_var):
    total = ops.zeros_like(z_mean[:, 0])
    for d in range(z_mean.shape[-1]):
        m, v = z_mean[:, d], z_log_var[:, d]
        total = total + 0.5 * (m**2 + ops.exp(v) - 1 - v)
    return total
