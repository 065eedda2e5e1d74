# expects: kl.discrete
"""Keras's divergence of probabilities."""

import keras


def kl_term(z_mean, z_log_var):
    return keras.losses.kl_divergence(z_mean, z_log_var)
