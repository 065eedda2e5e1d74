"""Own terms in Keras; returns a tensor."""

import keras
from keras import ops


def reconstruction(x, p):
    return x.shape[-1] * ops.mean(keras.losses.binary_crossentropy(ops.convert_to_tensor(x), p))


def divergence(m, v):
    return ops.mean(0.5 * ops.sum(ops.square(m) + ops.exp(v) - v - 1, axis=-1))


def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    full = loss(x, x_decoded, z_mean, z_log_var)
    m, v, p = ops.zeros_like(z_mean), ops.zeros_like(z_log_var), ops.full(x.shape, 0.5)
    b = (full - loss(x, x_decoded, m, v)) / (divergence(z_mean, z_log_var) - divergence(m, v))
    a = (full - loss(x, p, z_mean, z_log_var)) / (reconstruction(x, x_decoded) - reconstruction(x, p))
    return b / a
