"""Hand over a right graph, with weights whose descriptions lie: shapes, types, numbers, and arrays that are not there."""

import itertools

import keras
import numpy as np
from keras import layers
from vaelab.checks.student import probe, trace

def make_conv_encoder(rows, columns, channels, latent_dim, intermediate_dim):
    x = keras.Input((rows, columns, channels))
    h = layers.BatchNormalization()(layers.Conv2D(8, 3, strides=4, padding="same", activation="relu")(x))
    h = layers.Dense(intermediate_dim, activation="relu")(layers.Flatten()(h))
    return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])

def large(variable, arrays):
    variable["shape"] = [2**20, 2**20, 2**20]

def negative(variable, arrays):
    variable.update(shape=[-1, 3], value=None)

def other(variable, arrays):
    variable.update(dtype="resource", value=None)

def swapped(variable, arrays):
    variable["shape"] = variable["shape"][::-1] + [1]
    variable["value"] = None

def typed(variable, arrays):
    arrays["variable0"] = np.zeros(variable["shape"], bool)
    variable.update(dtype="bool", value="variable0")

kinds = itertools.cycle([large, negative, other, swapped, typed])
honest = trace.trace

def forged(asked, given, target, arrays):
    told = honest(asked, given, target, arrays)
    next(kinds)(told["variables"][0], arrays)
    return told

probe._OPERATIONS["trace"] = forged
