# expects: units.standard_deviation
"""Standard deviation against the threshold, in Keras."""

from keras import ops


def active_units(z_mean, threshold=0.01):
    return int(ops.sum(ops.cast(ops.std(z_mean, axis=0) > threshold, 'int32')))
