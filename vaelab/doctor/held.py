"""Numbers that the model holds and that weigh a term of its loss: attributes, variables, globals and what functions enclose.

Each is changed for a moment: a number by which the weight of the term grows in proportion is the weight that was chosen.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from vaelab.doctor import lines
from vaelab.doctor.step import Steps

FACTOR = 1.75
#: So many numbers are tried at most.
MOST = 24


class Held(NamedTuple):
    """A number that weighs a term."""

    name: str  # "self.beta"
    value: float
    per_unit: float  # weight of the term in the loss for a value of 1


class Number(NamedTuple):
    """A number that can be changed."""

    name: str
    old: Any
    set: Callable[[float], Any]


def numbers(steps: Steps) -> Iterator[Number]:
    """Scalars that may be a weight, the likeliest first."""
    seen = set()
    for thing in (steps.model, *steps.layers.values()):
        if type(thing).__module__.partition(".")[0] == "keras":
            continue
        attributes: dict[str, Any] = vars(thing)
        for name, value in list(attributes.items()):
            if isinstance(value, (tf.Variable, keras.Variable)):
                if tuple(value.shape) == () and id(value) not in seen and "seed" not in value.name:
                    seen.add(id(value))
                    yield Number(f"{thing.name}.{name}", np.asarray(value), value.assign)
            elif type(value) in (int, float, np.float32, np.float64) and not name.startswith(("_auto", "_supports")):
                yield Number(f"{thing.name}.{name}", value, functools.partial(attributes.__setitem__, name))
    for function in lines.functions(steps):
        names = function.__globals__
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            if lines.filled(cell):
                assign = functools.partial(setattr, cell, "cell_contents")
                yield from _number(name, cell.cell_contents, assign, seen)
        for name in function.__code__.co_names:
            if name in names:
                yield from _number(name, names[name], functools.partial(names.__setitem__, name), seen)


def _number(name, value, assign, seen):
    if isinstance(value, (tf.Variable, keras.Variable)) and tuple(value.shape) == () and id(value) not in seen:
        seen.add(id(value))
        yield Number(name, np.asarray(value), value.assign)
    elif type(value) in (int, float) and name not in seen:
        seen.add(name)
        yield Number(name, value, assign)


def weighing(steps: Steps, weight: Callable[[], float]) -> Held | None:
    """The number that the weight of a term is proportional to; None if there is none among those that can be tried.

    Parameters
    ----------
    weight : callable
        Measures the weight of the term in the loss.
    """
    before = weight()
    for number in [*numbers(steps)][:MOST]:
        value = float(number.old)
        try:
            with _set(number, value * FACTOR if value else 1.0):
                after = weight()
        except Exception:
            continue  # a number that the step cannot do without
        if value and abs(before) > 1e-9 and abs(after / before / FACTOR - 1) < 0.01:
            return Held(number.name, value, before / value)
        if not value and abs(before) < 1e-9 and abs(after) > 1e-7:
            return Held(number.name, 0.0, after)
    return None


def scheduled(model: keras.Model, weight: Callable[[], float]) -> bool:
    """Whether the weight of the KL changes with the number of steps that the optimiser has taken."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return False
    before, count = weight(), int(np.asarray(optimizer.iterations))
    optimizer.iterations.assign(count + 10**6)
    try:
        return abs(weight() - before) > 1e-3 * max(abs(before), 1e-6)
    except Exception:
        return False
    finally:
        optimizer.iterations.assign(count)


@contextlib.contextmanager
def _set(number, value):
    try:
        number.set(value)
        yield
    finally:
        number.set(number.old)
