"""A model is left as it was: its variables, whether it is compiled, and how."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf


@contextlib.contextmanager
def kept(model: keras.Model, others: dict[int, tuple[Any, np.ndarray]]) -> Iterator[None]:
    """Put back the values of all variables at the end; compile for the moment a model that is not compiled.

    `others`, which may grow meanwhile, are variables and what they held: those of networks that are no part of the model.
    """
    before = [(v, np.asarray(v)) for v in _variables(model)]
    attributes = vars(model)
    old = dict(attributes)
    if not getattr(model, "compiled", False):
        with contextlib.suppress(Exception):
            keras.Model.compile(model, optimizer=getattr(model, "optimizer", None) or keras.optimizers.SGD(0.0))
    made = [name for name, value in attributes.items() if value is not old.get(name)]
    try:
        yield
    finally:
        for variable, value in [*others.values(), *before]:
            variable.assign(value)
        for name in made:  # by compiling; past Keras, which would keep track of what it was
            if name in old:
                attributes[name] = old[name]
            else:
                attributes.pop(name, None)


def _variables(model):
    found = {}
    optimizer = getattr(model, "optimizer", None)
    for v in [*model.variables, *getattr(optimizer, "variables", ())]:
        found.setdefault(id(v), v)
    for metric in model.metrics if getattr(model, "compiled", False) else ():
        for v in metric.variables:
            found.setdefault(id(v), v)
    for layer in model._flatten_layers():
        for value in vars(layer).values():
            if isinstance(value, tf.Variable):
                found.setdefault(id(value), value)
    return list(found.values())
