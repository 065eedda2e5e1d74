"""One training step of a model, run eagerly and seen from inside: every tensor that passes between layers, and the loss.

A step is the model's own ``train_step``, whatever that does. It runs until the loss reaches ``GradientTape.gradient``.
On the way, tensors can be replaced by others, and noise is what a seed makes it: so the loss becomes a function of what is replaced.
"""

import contextlib
import inspect
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import vaelab.quiet  # noqa: F401, before Keras

import keras
import numpy as np
import tensorflow as tf

#: Layers that draw noise in training and are no part of q(z|x): switched off, so that all noise left is that of z.
REGULARISERS = ("Dropout", "SpatialDropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "DropBlock")


class Wire(NamedTuple):
    """Where a tensor passes: an input or output of a layer's n-th call in the step."""

    layer: int  # its id
    call: int
    side: str  # "in" or "out"
    index: int


class Slot(NamedTuple):
    """All of a wire, or the part from start to stop of its last axis."""

    wire: Wire
    start: int | None = None
    stop: int | None = None

    def of(self, tensor):
        return tensor if self.start is None else tensor[..., self.start : self.stop]


class Seen(NamedTuple):
    """What a step showed."""

    loss: float
    rank: int  # of the tensor that is differentiated
    wires: dict[Wire, Any]  # tensors, in the order in which they came
    gradients: list  # with respect to what replaced something, where asked for
    numpy_noise: bool  # whether NumPy's or Python's own generator was used


class Reached(BaseException):
    """The loss is known: the rest of the step is not needed. No model catches it by accident."""


class StepError(RuntimeError):
    """The model's own step fails; the message is that of its exception."""


class Steps:
    """The steps of a model on one kind of data.

    Parameters
    ----------
    model : keras.Model
    """

    def __init__(self, model: keras.Model):
        self.model = model
        self.seeds_tensorflow = True  # which costs as much as the step: its compiled kernels are thrown away
        self.layers: dict[int, Any] = {}  # all that ran, by id; also those that no attribute of the model holds

    def run(self, data, seed: int | None = 0, replace: dict | None = None, gradients: bool = False) -> Seen:
        """The loss of one step on `data`, nothing trained.

        Parameters
        ----------
        data : what ``train_step`` gets
        seed : int or None
            Of all noise. None: noise is left to the model.
        replace : dict from Slot to array
            What passes there in place of the model's own tensor.
        gradients : bool
            Whether to differentiate the loss with respect to what was put in.
        """
        watch = _Watch(replace or {}, self.layers, gradients)
        result: list = []

        def reached(tape, target, sources):
            losses = [tf.cast(t, tf.float32) for t in tf.nest.flatten(target) if t is not None]
            slopes = _tape_gradient(tape, target, watch.variables) if gradients else []
            result.append(
                (float(sum(tf.reduce_sum(t) for t in losses)), max((t.shape.rank for t in losses), default=0))
            )
            result.append(slopes)
            raise Reached

        used: list[bool] = []
        try:
            with surroundings(self.model, seed, used=used, tensorflow=self.seeds_tensorflow), watch.watching():
                with _patched(tf.GradientTape, gradient=_gradient(reached)):
                    self.model.train_step(data)
        except Reached:
            return Seen(*result[0], watch.wires, result[1], any(used))
        except Exception as error:
            raise StepError(f"{type(error).__name__}: {error}") from error
        raise StepError("the step ends without a gradient: nothing is differentiated by a tf.GradientTape")

    def whole(self, data, seed: int = 0, replace: dict | None = None) -> tuple[dict, list, list, dict]:
        """A step to its end, the optimiser's update left out: logs, (variable, gradient) pairs, applied variables, wires."""
        pairs: list = []
        applied: list = []

        def reached(tape, target, sources):
            slopes = _tape_gradient(tape, target, sources)
            flat = zip(tf.nest.flatten(sources), tf.nest.flatten(slopes, expand_composites=False))
            pairs.extend(flat)
            return slopes

        watch = _Watch(replace or {}, self.layers)
        try:
            with (
                surroundings(self.model, seed, applied),
                watch.watching(),
                _patched(tf.GradientTape, gradient=_gradient(reached)),
            ):
                logs = self.model.train_step(data)
        except Exception as error:
            raise StepError(f"{type(error).__name__}: {error}") from error
        return logs, pairs, applied, watch.wires

    def traced(self, data, slot: Slot, times: int = 3) -> list[np.ndarray]:
        """What passes at the slot in so many runs of one graph, as `fit` makes it; noise is left to the model."""
        model = self.model
        watch = _Watch({}, self.layers)

        def reached(tape, target, sources):
            raise Reached

        @tf.function(autograph=False)
        def passing():
            try:
                model.train_step(data)
            except Reached:
                pass
            return tf.cast(slot.of(watch.wires[slot.wire]), tf.float32)

        try:
            with surroundings(model, None, eager=False), watch.watching():
                with _patched(tf.GradientTape, gradient=_gradient(reached)):
                    return [passing().numpy() for _ in range(times)]
        except Exception as error:
            raise StepError(f"{type(error).__name__}: {error}") from error


def _gradient(reached: Callable):
    def gradient(self, target, sources, *args, **kwargs):
        return reached(self, target, sources)

    return gradient


_tape_gradient = tf.GradientTape.gradient


class _Watch:
    """Hooks on the calls of all layers: keeps what passes, and puts in what is to be replaced."""

    def __init__(self, replace: dict, layers: dict, trainable: bool = False):
        self.replace, self.layers, self.wires = replace, layers, {}
        self.counts: dict[int, int] = {}
        self.variables = [tf.cast(value, tf.float32) for value in replace.values()]
        if trainable:  # a tape follows variables by itself
            self.variables = [tf.Variable(value) for value in self.variables]

    @contextlib.contextmanager
    def watching(self):
        layer_call, operation_call = keras.Layer.__call__, keras.Operation.__call__
        watch = self

        def on_layer(layer, *args, **kwargs):
            if keras.Layer in type(layer).__mro__ and type(layer).__name__.startswith(REGULARISERS):
                return args[0] if args else next(iter(kwargs.values()))
            return watch.call(layer, layer_call, args, kwargs)

        def on_operation(operation, *args, **kwargs):
            if isinstance(operation, keras.Layer):
                return operation_call(operation, *args, **kwargs)
            return watch.call(operation, operation_call, args, kwargs)

        with _patched(keras.Layer, __call__=on_layer), _patched(keras.Operation, __call__=on_operation):
            yield

    def call(self, layer, original, args, kwargs):
        if keras.src.backend.common.symbolic_scope.in_symbolic_scope():  # Keras builds a model: nothing is computed
            return original(layer, *args, **kwargs)
        self.layers[id(layer)] = layer
        number = self.counts[id(layer)] = self.counts.get(id(layer), -1) + 1
        args, kwargs = self._passed((args, kwargs), id(layer), number, "in")
        return self._passed(original(layer, *args, **kwargs), id(layer), number, "out")

    def _passed(self, structure, layer, number, side):
        flat, changed = keras.tree.flatten(structure), False
        for index, value in enumerate(flat):
            if not isinstance(value, tf.Tensor) or not value.dtype.is_floating or value.shape.rank in (None, 0):
                continue
            wire = Wire(layer, number, side, index)
            for slot, variable in zip(self.replace, self.variables):
                if slot.wire == wire:
                    flat[index] = value = _put(slot, tf.cast(tf.identity(variable), value.dtype), value)
                    changed = True
            self.wires[wire] = value
        return keras.tree.pack_sequence_as(structure, flat) if changed else structure


def _put(slot, new, old):
    """`old` with the slot's part replaced by `new`, of which only the number of elements has to fit."""
    if slot.start is None:
        return tf.reshape(new, tf.shape(old))
    part = old[..., slot.start : slot.stop]
    return tf.concat([old[..., : slot.start], tf.reshape(new, tf.shape(part)), old[..., slot.stop :]], axis=-1)


@contextlib.contextmanager
def _patched(cls, **methods) -> Iterator[None]:
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
    model: keras.Model,
    seed: int | None,
    applied: list | None = None,
    eager: bool = True,
    used: list | None = None,
    tensorflow: bool = True,
) -> Iterator[None]:
    """Functions run eagerly, if wanted, no optimiser moves a weight, loss scales are 1, and noise follows from the seed."""
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
        stack.enter_context(_run_eagerly(eager))
        for optimizer in (BaseOptimizer, LossScaleOptimizer):
            own = {name: f for name, f in (("apply", apply), ("scale_loss", scale_loss)) if name in vars(optimizer)}
            stack.enter_context(_patched(optimizer, **own))
        if seed is not None:
            stack.enter_context(_patched(SeedGenerator, next=following))
            stack.enter_context(_seeded(seed, used, tensorflow))
        yield


@contextlib.contextmanager
def _run_eagerly(eager):
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


def owns(model: keras.Model, method: str) -> bool:
    """Whether the model's class has such a method of its own, in place of Keras's."""
    return inspect.getattr_static(type(model), method, None) is not inspect.getattr_static(keras.Model, method, None)
