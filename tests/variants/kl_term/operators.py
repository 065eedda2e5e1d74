"""Operators and a method of the module `keras`."""

import keras


def kl_term(z_mean, z_log_var):
    per_dimension = (z_mean * z_mean + keras.ops.exp(z_log_var) - z_log_var - 1.0) / 2.0
    return keras.ops.sum(per_dimension, axis=1)
