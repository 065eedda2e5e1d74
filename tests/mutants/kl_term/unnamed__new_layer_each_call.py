# expects:
"""Right values, but a layer made in each call fails inside tf.function."""

from keras import layers, ops


def kl_term(z_mean, z_log_var):
    kl = 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1)
    total = layers.Dense(1, use_bias=False, kernel_initializer="ones", trainable=False)
    return ops.squeeze(total(kl), -1)
