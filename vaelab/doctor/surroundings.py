"""What a step of a model runs in while it is examined: no optimiser moves a weight, and noise follows from a seed."""

import contextlib
import random
from collections.abc import Callable, Iterator

import vaelab.quiet  # noqa: F401, before Keras

import numpy as np
import tensorflow as tf


@contextlib.contextmanager
def patched(cls: type, **methods: Callable) -> Iterator[None]:
    """Other methods for a class, for the moment."""
    old = {name: cls.__dict__[name] for name in methods}
    try:
        for name, method in methods.items():
            setattr(cls, name, method)
        yield
    finally:
        for name, method in old.items():
            setattr(cls, name, method)


@contextlib.contextmanager
def surroundings(
    seed: int | None,
    applied: list | None = None,
    eager: bool = True,
    used: list | None = None,
    tensorflow: bool = True,
) -> Iterator[None]:
    """Functions run eagerly, no optimiser moves a weight, loss scales are 1, and noise follows from the seed.

    Parameters
    ----------
    seed : int or None
        None: noise is left to the model.
    applied : list, optional
        Gets the variables that an optimiser would have moved.
    eager : bool
        False: functions are traced, as Keras does in `fit`.
    used : list of bool, optional
        Gets whether NumPy's or Python's own generator was used.
    tensorflow : bool
        Whether TensorFlow's own generator starts from the seed, too.
    """
    from keras.src.optimizers.base_optimizer import BaseOptimizer
    from keras.src.optimizers.loss_scale_optimizer import LossScaleOptimizer
    from keras.src.random.seed_generator import SeedGenerator

    def apply(self, grads, trainable_variables=None):
        variables = self._trainable_variables if trainable_variables is None else trainable_variables
        if applied is not None:
            applied.extend(v for g, v in zip(grads, variables) if g is not None)

    def scale_loss(self, loss):
        return loss

    count = iter(range(10**9))

    def following(self, ordered=True):
        # A generator that starts anew at each call draws the same noise at each call, whatever the seed.
        return tf.constant([seed * 7919 + 13, next(count)], self.state.dtype)

    with contextlib.ExitStack() as stack:
        stack.enter_context(run_eagerly(eager))
        for optimizer in (BaseOptimizer, LossScaleOptimizer):
            own = {name: f for name, f in (("apply", apply), ("scale_loss", scale_loss)) if name in vars(optimizer)}
            stack.enter_context(patched(optimizer, **own))
        if seed is not None:
            stack.enter_context(patched(SeedGenerator, next=following))
            stack.enter_context(_seeded(seed, used, tensorflow))
        yield


@contextlib.contextmanager
def run_eagerly(eager: bool) -> Iterator[None]:
    """Whether a `tf.function` runs as the Python that it is, for the moment."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(eager)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


@contextlib.contextmanager
def _seeded(seed, used, tensorflow):
    """TensorFlow's, NumPy's and Python's own generators start from the seed; the latter two go on as before afterwards.

    `used` gets whether one of the latter two was used.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()
    if tensorflow:
        tf.random.set_seed(seed * 7919 + 13)
    np.random.seed(seed * 7919 + 13)
    random.seed(seed)
    start = np.random.get_state()[1:3], random.getstate()
    try:
        yield
    finally:
        if used is not None:
            now = np.random.get_state()[1:3], random.getstate()
            used.append(now[1] != start[1] or now[0][1] != start[0][1] or not np.array_equal(now[0][0], start[0][0]))
        np.random.set_state(numpy_state)
        random.setstate(python_state)
