"""Numbers that say how good a VAE is. All likelihoods are in nats per image.

A grey-scale pixel x in [0, 1] is scored with the Bernoulli cross-entropy
-x log p - (1 - x) log(1 - p), as is usual for Fashion-MNIST. It is not the negative
log-likelihood of a distribution over grey values, and its minimum over p, reached at
p = x, is the entropy of x and not 0: hence ``entropy_floor``.

Importing this module does not import TensorFlow; ``encode`` and ``decode`` do.
"""

import math
import weakref
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from scipy.special import entr

from vaelab.pixels import check_pixels

# Predictions are kept this far from 0 and 1, as Keras does, so that log stays finite.
EPSILON = 1e-7

# Images handled at once: their float64 working copies fit into a processor's cache, and fresh memory costs more than the logarithms.
_CHUNK = 100

# Numbers, of four bytes, of one layer's outputs that stay in a processor's cache with what else is at work there.
_CACHED = 700_000

# Plain calls of a model that take about as long as compiling it does: most of the time of a plain call is Keras's overhead.
_WORTH_COMPILING = 6
# {model: {shape of one input: the compiled call or, before there is one, the number of batches so far}}
_compiled = weakref.WeakKeyDictionary()


def bernoulli_nll(x: ArrayLike, p: ArrayLike) -> np.ndarray:
    """Bernoulli cross-entropy of each image, summed over its pixels, in nats.

    Parameters
    ----------
    x : array_like, (N, ...)
        Targets in [0, 1].
    p : array_like, (N, ...) or (1, ...)
        Predicted probabilities in [0, 1]: as many pixels an image (flat, 28 x 28 and
        28 x 28 x 1 are the same), an image for each target or a single one for all.
        Clipped to [1e-7, 1 - 1e-7].

    Returns
    -------
    numpy.ndarray, (N,), float64

    Raises
    ------
    ValueError
        If the sizes do not match, or values are NaN or outside [0, 1].
    """
    x = _flat_images(x, "x")
    p = _flat_images(p, "p")
    if p.shape[1] != x.shape[1] or len(p) not in (1, len(x)):
        raise ValueError(
            f"x holds {len(x)} images of {x.shape[1]} pixels and p {len(p)} of {p.shape[1]}; "
            "expected one prediction per image (or a single one for all), with as many pixels."
        )
    nll = np.empty(len(x))
    for start in range(0, len(x), _CHUNK):
        rows = slice(start, start + _CHUNK)
        target = x[rows].astype(np.float64)
        prediction = (p if len(p) == 1 else p[rows]).astype(np.float64).clip(EPSILON, 1 - EPSILON)
        nll[rows] = -(target * np.log(prediction) + (1 - target) * np.log1p(-prediction)).sum(axis=1)
    return nll


def entropy_floor(x: ArrayLike) -> float:
    """Mean Bernoulli cross-entropy of images that are reconstructed perfectly, in nats per image.

    No model gets below it: the sum over pixels of -x log x - (1 - x) log(1 - x).

    Parameters
    ----------
    x : array_like, (N, ...)
        Images in [0, 1].

    Returns
    -------
    float
    """
    x = _flat_images(x, "x")
    chunks = (x[start : start + _CHUNK].astype(np.float64) for start in range(0, len(x), _CHUNK))
    return float(sum((entr(chunk) + entr(1 - chunk)).sum() for chunk in chunks) / len(x))


def pixel_mean_nll(x_train: ArrayLike, x_test: ArrayLike) -> float:
    """Mean cross-entropy of the model that knows only each pixel's mean, in nats per image.

    A VAE whose latent variable carries nothing (posterior collapse) can do this well and
    no better.

    Parameters
    ----------
    x_train, x_test : array_like, (N, ...) and (M, ...)
        Images in [0, 1]: the means are taken over the former, the score over the latter.

    Returns
    -------
    float
    """
    x_train = _flat_images(x_train, "x_train")
    return float(bernoulli_nll(x_test, x_train.mean(axis=0, dtype=np.float64)[None]).mean())


def knn_accuracy(z_train: ArrayLike, y_train: ArrayLike, z_test: ArrayLike, y_test: ArrayLike, k: int = 10) -> float:
    """How well classes separate in a latent space: accuracy of k-nearest-neighbour classification.

    Each test point takes the class of the majority among its k nearest training points
    (Euclidean distance). Where classes tie, the one with the nearest neighbour wins.

    Parameters
    ----------
    z_train, z_test : array_like, (N, latent_dim) and (M, latent_dim)
    y_train, y_test : array_like of int, (N,) and (M,)
    k : int

    Returns
    -------
    float
        Share of test points classified correctly, from 0 to 1.

    Raises
    ------
    ValueError
        If shapes do not match, there are fewer than k training points, or values are NaN.
    """
    z_train, z_test = np.asarray(z_train, np.float64), np.asarray(z_test, np.float64)
    y_train, y_test = np.asarray(y_train), np.asarray(y_test)
    for name, z, y in (("train", z_train, y_train), ("test", z_test, y_test)):
        if z.ndim != 2 or y.shape != (len(z),) or len(z) == 0:
            raise ValueError(
                f"z_{name} has shape {z.shape} and y_{name} {y.shape}; expected (N, latent_dim) and (N,), N at least 1."
            )
        if not np.isfinite(z).all():
            raise ValueError(f"z_{name} holds NaN or infinite values.")
    if z_train.shape[1] != z_test.shape[1]:
        raise ValueError(f"z_train has {z_train.shape[1]} latent dimensions and z_test {z_test.shape[1]}.")
    if not 1 <= k <= len(z_train):
        raise ValueError(f"k is {k}; expected between 1 and the {len(z_train)} training points.")

    _, neighbours = cKDTree(z_train).query(z_test, k=np.arange(1, k + 1))
    classes, codes = np.unique(y_train, return_inverse=True)
    votes = codes[neighbours]  # (M, k), nearest first
    counts = (votes[:, :, None] == np.arange(len(classes))).sum(axis=1)
    leads = counts == counts.max(axis=1, keepdims=True)
    first = np.take_along_axis(leads, votes, axis=1).argmax(axis=1)  # nearest neighbour of a leading class
    predicted = classes[np.take_along_axis(votes, first[:, None], axis=1)[:, 0]]
    return float((predicted == y_test).mean())


def auroc(normal: ArrayLike, odd: ArrayLike) -> float:
    """Area under the ROC curve: the probability that an odd image scores higher than a normal one.

    Ties count half. 0.5 is chance, 1 sorts perfectly, 0 sorts perfectly the wrong way round.

    Parameters
    ----------
    normal, odd : array_like, (N,) and (M,)
        Scores.

    Returns
    -------
    float
        Nan if a score is.
    """
    normal, odd = np.ravel(normal), np.ravel(odd)
    if np.isnan(normal).any() or np.isnan(odd).any():
        return float("nan")
    normal = np.sort(normal)
    below, not_above = (np.searchsorted(normal, odd, side) for side in ("left", "right"))
    return float((below + not_above).mean() / 2 / len(normal))


def manifold_precision(images: ArrayLike, others: ArrayLike, k: int = 3, components: int = 50) -> float:
    """Share of images that lie among others, as a k-nearest-neighbour manifold sees it.

    An image is among the others if it lies no farther from one of them than that one's own k-th neighbour
    does. Distances are Euclidean, between the first principal components of the others
    (Kynkäänniemi et al., 2019, who take features of a network in their place).

    Parameters
    ----------
    images, others : array_like, (N, ...) and (M, ...)
    k, components : int

    Returns
    -------
    float
    """
    images, others = (array.reshape(len(array), -1) for array in (np.asarray(x, np.float64) for x in (images, others)))
    centre = others.mean(0)
    _, _, directions = np.linalg.svd(others - centre, full_matrices=False)
    images, others = ((x - centre) @ directions[:components].T for x in (images, others))
    radius = np.sort(cdist(others, others), axis=1)[:, k]
    return float((cdist(images, others) <= radius).any(axis=1).mean())


def encode(encoder: Callable, x: ArrayLike, batch_size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Posterior means and log variances of images.

    The model is called in inference mode (``training=False``), and once that pays through one compiled
    function that is kept for the next call: ``predict`` costs far more per call.

    Parameters
    ----------
    encoder : keras.Model
        From images to ``[z_mean, z_log_var]``.
    x : numpy.ndarray, (N, ...)
        Images, shaped as the encoder takes them.
    batch_size : int, optional
        By default as many, from 25 to 500, as keep the outputs of the largest layer in the processor's cache.

    Returns
    -------
    z_mean, z_log_var : numpy.ndarray, (N, latent_dim)

    Raises
    ------
    ValueError
        If the images do not fit the encoder, or it returns anything but two arrays.
    """
    outputs = _call_in_batches(encoder, x, batch_size, "images")
    if len(outputs) != 2:
        raise ValueError(f"The encoder returned {len(outputs)} array(s); expected two: [z_mean, z_log_var].")
    return tuple(outputs)


def decode(decoder: Callable, z: ArrayLike, batch_size: int | None = None) -> np.ndarray:
    """Images that a decoder makes of latent points; called as in ``encode``.

    Parameters
    ----------
    decoder : keras.Model
        From latent points to images.
    z : array_like, (N, latent_dim)
    batch_size : int, optional
        As in ``encode``.

    Returns
    -------
    numpy.ndarray, (N, ...)
        Pixel probabilities, shaped as the decoder makes them.

    Raises
    ------
    ValueError
        If the points do not fit the decoder.
    """
    outputs = _call_in_batches(decoder, z, batch_size, "latent points")
    if len(outputs) != 1:
        raise ValueError(f"The decoder returned {len(outputs)} arrays; expected one: images.")
    return outputs[0]


def _call_in_batches(model, x, batch_size, what):
    """The model's outputs for all of x, as a list of arrays."""
    x = np.asarray(x, np.float32)
    if batch_size is None:
        batch_size = _usual_batch(model)
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; expected at least 1.")
    expected = getattr(model, "input_shape", None)
    if isinstance(expected, tuple) and not _fits(x.shape, expected):
        raise ValueError(
            f"The {what} have shape {x.shape}; {model.name!r} expects {expected} (None: any number). Reshape them first."
        )
    if x.ndim < 2 or len(x) == 0:
        raise ValueError(f"The {what} have shape {x.shape}; expected a batch of at least one, its index first.")
    batches = [x[start : start + batch_size] for start in range(0, len(x), batch_size)]
    call = _call(model, x.shape[1:], len(batches))
    batches = [call(batch) for batch in batches]
    batches = [batch if isinstance(batch, (list, tuple)) else [batch] for batch in batches]
    return [np.concatenate([np.asarray(part) for part in parts]) for parts in zip(*batches, strict=True)]


def _usual_batch(model) -> int:
    """So many inputs at a time as keep the outputs of the largest layer in the cache; 100 where layers do not say what they give."""
    largest = 0
    for layer in getattr(model, "layers", []):
        outputs = getattr(layer, "output", None)
        for output in outputs if isinstance(outputs, (list, tuple)) else [outputs]:
            shape = getattr(output, "shape", (None, None))[1:]
            if None not in shape:
                largest = max(largest, math.prod(shape))
    return min(max(_CACHED // largest, 25), 500) if largest else 100


def _call(model, shape, batches):
    """A function that calls the model on inputs of this shape: a compiled one, once `batches` and those before make that worth it."""
    import tensorflow as tf

    calls = _compiled.setdefault(model, {})
    known = calls.get(shape, 0)
    if callable(known):
        return known
    if known + batches < _WORTH_COMPILING:
        calls[shape] = known + batches
        return lambda x: model(tf.convert_to_tensor(x), training=False)
    # A weak reference: the function is a value of the dictionary that must not keep its key alive.
    reference = weakref.ref(model)
    function = tf.function(lambda x: reference()(x, training=False), autograph=False)  # as in Keras's own loops
    # Traced here, for any batch size: a tf.function that traces when called warns, after a few
    # models, that it does so often.
    calls[shape] = function.get_concrete_function(tf.TensorSpec((None, *shape), tf.float32))
    return calls[shape]


def _fits(shape, expected):
    return len(shape) == len(expected) and all(e is None or s == e for s, e in zip(shape, expected, strict=True))


def _flat_images(x, name) -> np.ndarray:
    x = np.asarray(x)
    if x.ndim < 2 or x.size == 0:
        raise ValueError(f"{name} has shape {x.shape}; expected a batch of images, the image index first.")
    return check_pixels(x, name).reshape(len(x), -1)
