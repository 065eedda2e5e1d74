"""Keras: a tensor."""

from keras import ops


def active_units(z_mean, threshold=0.01):
    return ops.sum(ops.cast(ops.var(z_mean, axis=0) > threshold, 'int32'))
