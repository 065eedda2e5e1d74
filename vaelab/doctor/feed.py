"""How a model wants to be fed: images alone, images and targets, images and labels, as Keras's `fit` would pass them."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from vaelab.doctor.step import Seen, StepError, Steps


class DataError(ValueError):
    """What was passed as x cannot be used; the message says why and what to pass."""


class Given(NamedTuple):
    """What the caller passed: images and, for some models, something beside them (labels, a second input, targets)."""

    images: np.ndarray
    beside: np.ndarray | None
    names: tuple | None  # the two keys, if it was a dictionary
    turned: bool = False  # the images were the second


class Form(NamedTuple):
    """One way to feed images (and what is beside them) to a training step."""

    words: str  # "fit(x)"
    data: Callable[[np.ndarray, np.ndarray | None], Any]
    shape: tuple  # of one image
    target: str  # which array the images are compared with: "images" or "beside"


def read(x: Any) -> Given:
    """The images in what was passed as `x`: an array, ``(x, y)``, a dictionary of two arrays, or a `tf.data.Dataset`.

    Raises
    ------
    DataError
        If there are no images in it, or not as many of both.
    """
    import tensorflow as tf

    if isinstance(x, tf.data.Dataset):
        x = next(iter(x), None)
    if isinstance(x, dict):
        names, parts = tuple(x), [np.asarray(part) for part in x.values()]
    elif isinstance(x, (tuple, list)) and not np.isscalar(x[0] if len(x) else 0):
        names, parts = None, [np.asarray(part) for part in x]
    else:
        names, parts = None, [np.asarray(x)]
    if not 1 <= len(parts) <= 2:
        raise DataError(f"x holds {len(parts)} arrays; expected images, (images, y) or a dictionary of two arrays.")
    for part in parts:
        if part.dtype.kind not in "fiub" or part.ndim == 0 or len(part) == 0:
            raise DataError(
                f"x is {type(x).__name__} of shape {part.shape}, {part.dtype}; expected a batch of images, (N, ...)."
            )
    parts = [part.astype("float32") if part.dtype.kind == "f" else part for part in parts]
    first = int(len(parts) == 2 and parts[1][0].size > parts[0][0].size)
    if len({len(part) for part in parts}) > 1:
        raise DataError(f"x holds {len(parts[0])} and {len(parts[1])} items; expected as many of both.")
    images = parts[first]
    if images.ndim < 2 or images[0].size < 2:
        raise DataError(f"x has shape {images.shape}; expected a batch of images, (N, ...).")
    return Given(images, parts[1 - first] if len(parts) == 2 else None, names, bool(first))


def shapes(images: np.ndarray) -> list[tuple]:
    """Shapes that one image may have for a model, as it is first: flat, or with an axis for the channel."""
    shape, found = images.shape[1:], [images.shape[1:], (images[0].size,)]
    if len(shape) == 2:
        found.append((*shape, 1))
    if len(shape) == 3 and shape[-1] == 1:
        found.append(shape[:2])
    side = round(images[0].size ** 0.5)
    if len(shape) == 1 and side * side == shape[0]:
        found += [(side, side, 1), (side, side)]
    return list(dict.fromkeys(found))


def forms(steps: Steps, given: Given) -> Iterator[Form]:
    """Ways to feed the model, the likeliest first."""
    model, pack = steps.model, keras.utils.pack_x_y_sample_weight
    wants_y = getattr(model, "_compile_loss", None) is not None and not own_step(model)
    two = len(getattr(model, "inputs", None) or ()) == 2
    if steps.own is not None:
        words = "step(x)" if given.beside is None else "step((x, y))"
        kinds = [(words, lambda x, b: x if b is None else _both(given, x, b), "images")]
    elif given.beside is None:
        kinds = [("fit(x)", lambda x, b: pack(x), "images"), ("fit(x, x)", lambda x, b: pack(x, x), "images")]
        kinds = kinds[::-1] if wants_y else kinds
    else:
        alike = given.beside[0].size == given.images[0].size
        kinds = [
            ("fit([x, y], x)", lambda x, b: pack(_both(given, x, b), x), "images"),
            ("fit([x, y])", lambda x, b: pack(_both(given, x, b), None), "images"),
            ("fit(x, y)", lambda x, b: pack(x, b), "beside" if alike else "images"),
        ]
        if alike or not (two or given.names or wants_y):
            kinds = kinds[::-1]
    for shape in shapes(given.images):
        for words, data, target in kinds:
            yield Form(words, data, shape, target)


def _both(given, x, beside):
    """Both arrays, as they were given."""
    pair = (beside, x) if given.turned else (x, beside)
    return dict(zip(given.names, pair)) if given.names else pair


def own_step(model: keras.Model) -> bool:
    """Whether the model's class has a `train_step` of its own, in place of Keras's."""
    return inspect.getattr_static(type(model), "train_step") is not inspect.getattr_static(keras.Model, "train_step")


class Feed:
    """The form that works, and batches of any size and content in it."""

    def __init__(self, form: Form, given: Given):
        self.form, self.given = form, given
        self.pixels = int(np.prod(form.shape))

    def rows(self, count: int) -> tuple[np.ndarray, np.ndarray | None]:
        """The first images and what is beside them, repeated where there are fewer."""
        which = np.arange(count) % len(self.given.images)
        beside = None if self.given.beside is None else self.given.beside[which]
        return self.given.images[which].reshape(count, *self.form.shape), beside

    def data(self, images: np.ndarray, beside: np.ndarray | None = None) -> Any:
        """What a training step gets for these images."""
        return keras.tree.map_structure(
            lambda a: None if a is None else keras.ops.convert_to_tensor(a), self.form.data(images, beside)
        )

    def target(self, images: np.ndarray, beside: np.ndarray | None) -> np.ndarray:
        """What the reconstruction is compared with, ``(N, pixels)``, float64."""
        rows = images if beside is None or self.form.target == "images" else beside
        return np.asarray(rows, "float64").reshape(len(rows), -1)


def find(steps: Steps, given: Given, count: int) -> tuple[Feed, Seen]:
    """The first form in which a step runs, and that step.

    Raises
    ------
    StepError
        If none does; with what the model said to each, for images as they are.
    """
    said: dict[str, str] = {}
    for form in forms(steps, given):
        feed = Feed(form, given)
        try:
            return feed, steps.run(feed.data(*feed.rows(count)), seed=1)
        except StepError as error:
            said.setdefault(str(error), form.words) if form.shape == given.images.shape[1:] else None
    raise StepError("; ".join(f"{words}: {_first(error)}" for error, words in said.items()))


def _first(message):
    """What a message of Keras says first, without the arrays that were passed."""
    return " ".join(message.partition("Arguments received by")[0].split())[:200]
