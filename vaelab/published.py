"""Twelve losses of VAEs as they are found in books, tutorials, library examples and issue trackers, retyped.

What matters is how often a kind occurs, not who wrote it: places are named by kind. Each loss is a function of
``(x, x_decoded, z_mean, z_log_var)``, images ``(batch, pixels)`` and codes ``(batch, latent_dim)``, and returns a scalar.
"""

from collections.abc import Callable
from typing import NamedTuple

import vaelab.quiet  # noqa: F401, before Keras

import keras
from keras import ops


class Published(NamedTuple):
    """A loss and where its kind is found.

    Attributes
    ----------
    about : str
        What it does, in words.
    where : str
        The kinds of places where it was found.
    loss : callable
    beta : str
        The beta that it trains, or why there is none.
    verdict : str
        Whether it is wrong.
    """

    about: str
    where: str
    loss: Callable
    beta: str
    verdict: str


def _each(m, v):
    return 0.5 * (ops.square(m) + ops.exp(v) - 1 - v)


def _kl(m, v):
    return ops.mean(ops.sum(_each(m, v), axis=-1))


def _pixel_mean(x, p):
    return ops.mean(keras.losses.binary_crossentropy(ops.convert_to_tensor(x), p))


def _negative_elbo(x, p, m, v):
    return x.shape[-1] * _pixel_mean(x, p) + _kl(m, v)


def _kl_averaged_over_dimensions(x, p, m, v):
    return x.shape[-1] * _pixel_mean(x, p) + ops.mean(_each(m, v))


def _everything_averaged(x, p, m, v):
    return _pixel_mean(x, p) + 0.1 * ops.mean(_each(m, v))


def _kl_by_batch_and_pixels(x, p, m, v):
    return _pixel_mean(x, p) + ops.sum(_each(m, v)) / (x.shape[0] * x.shape[1])


def _kl_summed_over_the_batch(x, p, m, v):
    return _pixel_mean(x, p) + ops.sum(_each(m, v))


def _pixels_averaged(x, p, m, v):
    return _pixel_mean(x, p) + _kl(m, v)


def _all_summed_over_the_batch(x, p, m, v):
    return x.shape[0] * _negative_elbo(x, p, m, v)


def _no_half(x, p, m, v):
    return x.shape[-1] * _pixel_mean(x, p) + 2 * _kl(m, v)


def _mean_squared_error(x, p, m, v):
    return ops.mean(ops.square(ops.convert_to_tensor(x) - p)) + 0.00025 * _kl(m, v)


def _summed_squared_error(x, p, m, v):
    return ops.mean(ops.sum(ops.square(ops.convert_to_tensor(x) - p), axis=-1)) + _kl(m, v)


#: By a short name; `beta` holds for 784 pixels where it has a number.
LOSSES = {
    "sum and sum": Published(
        "sums over pixels and over dimensions, averages over images",
        "papers, library examples",
        _negative_elbo,
        "1",
        "right",
    ),
    "KL mean": Published(
        "averages the KL over the dimensions",
        "a textbook, library examples, the code of a paper",
        _kl_averaged_over_dimensions,
        "1/d",
        "wrong",
    ),
    "all means": Published(
        "averages over pixels and over dimensions, KL times 0.1", "a tutorial", _everything_averaged, "78.4/d", "wrong"
    ),
    "by 784": Published(
        "averages over pixels, divides the KL by 784 as well",
        "an example that was reported as a bug",
        _kl_by_batch_and_pixels,
        "1",
        "right",
    ),
    "KL batch sum": Published(
        "adds up the KL over the batch, averages the rest",
        "forum answers",
        _kl_summed_over_the_batch,
        "784 · batch",
        "wrong",
    ),
    "pixel mean": Published(
        "averages over pixels, sums the KL", "tutorials, issue trackers", _pixels_averaged, "784", "wrong"
    ),
    "batch sum": Published(
        "adds up everything, over the batch too", "library examples", _all_summed_over_the_batch, "1", "right"
    ),
    "no half": Published("lacks the ½ of the KL", "forum questions", _no_half, "2", "wrong"),
    "small weight": Published(
        "averages squared errors over pixels, KL times 0.00025",
        "a library of generative models",
        _mean_squared_error,
        "0.098, for a Gaussian of variance 1; 1.5 for 12,288 values an image",
        "depends on the size of the image",
    ),
    "no variance": Published(
        "sums squared errors", "tutorials", _summed_squared_error, "1, for a Gaussian of variance ½", "right"
    ),
    "exp as deviation": Published(
        "is right, but codes are drawn with exp(z_log_var) as standard deviation",
        "notebooks, forum questions",
        _negative_elbo,
        "none: noise and KL disagree",
        "wrong",
    ),
    "little noise": Published(
        "is right, but codes are drawn with noise of standard deviation 0.01",
        "a library example",
        _negative_elbo,
        "none: the codes are nearly points",
        "wrong",
    ),
}
