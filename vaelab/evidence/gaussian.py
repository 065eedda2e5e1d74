"""The best Gaussian for an image: what an encoder would say if it had all the time in the world."""

import vaelab.quiet  # noqa: F401, before Keras

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import ArrayLike

from vaelab import metrics

NODES = 5  # of the quadrature, in each latent dimension
CHUNK = 250  # images handled at once


def best_gaussian(
    decoder: keras.Model,
    x: ArrayLike,
    z_mean: ArrayLike,
    z_log_var: ArrayLike,
    steps: int = 150,
    learning_rate: float = 0.05,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Improve a diagonal Gaussian for each image by gradient descent on its own mean and log variance.

    The ELBO is E_q[log p(x|z)] - KL(q || p). Its expectation is taken by Gauss-Hermite quadrature, so that the
    descent is deterministic. The best Gaussian on the way counts, so that the result is never worse than the
    start. What an encoder loses to it is the amortisation gap, what it loses to log p(x) the approximation gap
    (Cremer, Li and Duvenaud, 2018).

    Parameters
    ----------
    decoder : keras.Model
        ``(batch, latent_dim)`` to pixel probabilities.
    x : array_like, (N, ...)
        Images in [0, 1].
    z_mean, z_log_var : array_like, (N, latent_dim)
        Where to start, for instance what the encoder says. Descent finds the best Gaussian *near by*: for an image
        that the encoder put in the wrong place, start elsewhere as well.
    steps : int
        Of Adam, whose learning rate falls to zero along half a cosine.
    learning_rate : float
        At the start.

    Returns
    -------
    z_mean, z_log_var : numpy.ndarray, (N, latent_dim)
    elbo : numpy.ndarray, (N,)
        In nats.
    """
    x = np.asarray(x, np.float32)
    x = x.reshape(len(x), -1)
    z_mean, z_log_var = np.asarray(z_mean, np.float32), np.asarray(z_log_var, np.float32)
    parts = [
        _descend(decoder, x[i : i + CHUNK], z_mean[i : i + CHUNK], z_log_var[i : i + CHUNK], steps, learning_rate)
        for i in range(0, len(x), CHUNK)
    ]
    means, log_vars, elbos = zip(*parts, strict=True)
    return np.concatenate(means), np.concatenate(log_vars), np.concatenate(elbos)


def elbo(
    decoder: keras.Model, x: np.ndarray, z_mean: np.ndarray, z_log_var: np.ndarray, nodes: int = NODES
) -> tf.Tensor:
    """The ELBO of each image, ``(N,)`` tensor in nats, by quadrature with ``nodes`` codes in each dimension."""
    epsilon, weights = _quadrature(z_mean.shape[1], nodes)
    z = z_mean[:, None] + ops.exp(0.5 * z_log_var)[:, None] * epsilon
    p = ops.reshape(decoder(ops.reshape(z, (-1, z.shape[-1])), training=False), (len(x), len(weights), -1))
    p = ops.clip(p, metrics.EPSILON, 1 - metrics.EPSILON)
    log_likelihood = ops.sum(x[:, None] * ops.log(p) + (1 - x[:, None]) * ops.log1p(-p), axis=-1)
    # E_q[log p(z)] is exact under the quadrature, and the entropy of a Gaussian is known.
    log_prior = -0.5 * ops.sum(ops.square(z), axis=-1)
    entropy = 0.5 * ops.sum(z_log_var + 1, axis=-1)
    return ops.sum(weights * (log_likelihood + log_prior), axis=-1) + entropy


def _quadrature(dim, nodes):
    """``(nodes ** dim, dim)`` values of a standard Gaussian, and their weights."""
    line, weight = np.polynomial.hermite_e.hermegauss(nodes)
    grids = np.meshgrid(*[line] * dim, indexing="ij"), np.meshgrid(*[weight / weight.sum()] * dim, indexing="ij")
    points, weights = np.stack(grids[0], -1).reshape(-1, dim), np.prod(np.stack(grids[1]), axis=0).ravel()
    return points.astype(np.float32), weights.astype(np.float32)


def _descend(decoder, x, z_mean, z_log_var, steps, learning_rate):
    mean, log_var = tf.Variable(z_mean), tf.Variable(z_log_var)
    best = np.array(z_mean), np.array(z_log_var), np.full(len(x), -np.inf, np.float32)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
    adam.build([mean, log_var])
    target = tf.constant(x)

    @tf.function(autograph=False)
    def value_and_gradients():
        with tf.GradientTape() as tape:
            value = elbo(decoder, target, mean, log_var)
            loss = -tf.reduce_sum(value)
        return value, tape.gradient(loss, [mean, log_var])

    for _ in range(steps + 1):
        value, gradients = value_and_gradients()
        better = value.numpy() > best[2]
        for kept, now in zip(best, (mean, log_var, value), strict=True):
            kept[better] = now.numpy()[better]
        adam.apply(gradients, [mean, log_var])
    return best
