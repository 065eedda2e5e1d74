"""Checks of what figures are made from: each returns its argument in one shape, or raises a ValueError that names it."""

import numpy as np
from numpy.typing import ArrayLike

from vaelab.data import CLASS_NAMES
from vaelab.pixels import check_pixels


def images_of(images: ArrayLike, name: str) -> np.ndarray:
    """Images as an array (N, height, width) in [0, 1]."""
    images = np.asarray(images)
    shape = images.shape
    if images.ndim == 4 and shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 2 and shape[1] == 784:
        images = images.reshape(-1, 28, 28)
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(
            f"{name} has shape {shape}; expected images (N, 784), (N, 28, 28) or (N, 28, 28, 1), N at least 1."
        )
    return check_pixels(images, name)


def check_points(z: ArrayLike, name: str) -> np.ndarray:
    """Points of a two-dimensional latent space as an array (N, 2)."""
    z = np.asarray(z)
    if z.ndim != 2 or z.shape[1] != 2 or len(z) == 0:
        raise ValueError(f"{name} has shape {z.shape}; expected points of a two-dimensional latent space, (N, 2).")
    if not np.isfinite(z).all():
        raise ValueError(f"{name} holds NaN or infinite values.")
    return z


def check_labels(labels: ArrayLike, n: int, name: str) -> np.ndarray:
    """Classes 0 to 9 of n points or images as an integer array (n,)."""
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ValueError(f"{name} has shape {labels.shape}; expected ({n},), a class a point or image.")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= len(CLASS_NAMES):
        raise ValueError(f"{name} should hold integers from 0 to {len(CLASS_NAMES) - 1}.")
    return labels


def class_names(labels: ArrayLike | None, n: int, name: str) -> list[str] | None:
    """Class names of the first n labels, or None without labels."""
    if labels is None:
        return None
    labels = np.asarray(labels)
    return [CLASS_NAMES[label] for label in check_labels(labels[:n], n, name)]


def at_least_one(n: object, name: str) -> int:
    """A whole number of at least 1, as an int."""
    if not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"{name} is {n!r}; expected a whole number, at least 1.")
    return int(n)
