"""One training step of a model, run eagerly and seen from inside: every tensor that passes between layers, and the loss.

A step is the model's own ``train_step``, whatever that does, or the function that a loop outside `fit` calls for a batch.
`Steps.run` stops where the loss reaches ``GradientTape.gradient``, `Steps.whole` goes on to the end.
On the way, tensors can be replaced by others, and noise is what a seed makes it: so the loss becomes a function of what is replaced.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import vaelab.quiet  # noqa: F401, before Keras

import keras
import numpy as np
import tensorflow as tf

from vaelab.doctor.surroundings import patched, run_eagerly, surroundings

#: Layers that draw noise in training and are no part of q(z|x): switched off, so that all noise left is that of z.
REGULARISERS = ("Dropout", "SpatialDropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "DropBlock")
#: Layers that call others once for each time step: seen from outside alone.
WHOLE = (keras.layers.RNN, keras.layers.TimeDistributed)
#: Of these, the layers that run as a graph, and from how many time steps on: step by step they take most of the time. A layer with
#: dropout never does.
GRAPHS, LONG = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN), 20


class Wire(NamedTuple):
    """Where a tensor passes: an input or output of a layer's n-th call in the step."""

    layer: int  # its id
    call: int
    side: str  # "in" or "out"
    place: int  # among the call's tensors


class Slot(NamedTuple):
    """All of a wire, or the part from start to stop of its last axis."""

    wire: Wire
    start: int | None = None
    stop: int | None = None

    def of(self, tensor: Any) -> Any:
        """The slot's part of what passes at its wire."""
        return tensor if self.start is None else tensor[..., self.start : self.stop]


class Seen(NamedTuple):
    """What a step showed."""

    loss: float
    wires: dict[Wire, Any]  # tensors, in the order in which they came
    gradients: list  # with respect to what replaced something, where asked for
    numpy_noise: bool  # whether NumPy's or Python's own generator was used


class Whole(NamedTuple):
    """What a step did that ran to its end."""

    logs: Any  # what it returned
    pairs: list  # (variable, gradient), of all losses
    applied: list  # variables that an optimiser would have moved
    losses: list[float]  # what was differentiated with respect to variables


class Reached(BaseException):
    """The loss is known: the rest of the step is not needed. No model catches it by accident."""


class StepError(RuntimeError):
    """The model's own step fails; the message is that of its exception."""


class Steps:
    """The steps of a model on one kind of data.

    Parameters
    ----------
    model : keras.Model
    own : callable, optional
        Takes a batch and trains the model on it, in place of its ``train_step``.
    """

    def __init__(self, model: keras.Model, own: Callable | None = None):
        self.model, self.own = model, own
        self.which = 0  # of the losses that a step differentiates, the one that is looked at
        self.seeds_tensorflow = True  # which costs as much as the step: its compiled kernels are thrown away
        self.layers: dict[int, Any] = {}  # all that ran, by id; also those that no attribute of the model holds
        self.graphs: dict[tuple, Callable] = {}  # of recurrent layers
        self.before: dict[
            int, tuple[Any, np.ndarray]
        ] = {}  # variables of all these layers, and what they held at first

    def run(self, data: Any, seed: int | None = 0, replace: dict | None = None, gradients: bool = False) -> Seen:
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

        Raises
        ------
        StepError
            If the model's own step fails, or differentiates nothing.
        """
        watch = _Watch(self, replace or {}, gradients)
        losses: list[float] = []
        slopes: list = []

        passed = iter(range(self.which))

        def reached(tape, target, sources, *more, **named):
            if next(passed, None) is not None:
                return _tape_gradient(tape, target, sources, *more, **named)
            slopes.extend(_tape_gradient(tape, target, watch.variables) if gradients else ())
            losses.append(_total(target))
            raise Reached

        used: list[bool] = []
        try:
            with self._watched(watch, reached, seed, used=used, tensorflow=self.seeds_tensorflow):
                self.take(data)
        except Reached:
            return Seen(losses[0], watch.wires, slopes, any(used))
        raise StepError("the step ends without a gradient: nothing is differentiated by a tf.GradientTape")

    def whole(self, data: Any, seed: int = 0, replace: dict | None = None) -> "Whole":
        """A step to its end, the optimiser's update left out.

        Raises
        ------
        StepError
            If the model's own step fails.
        """
        got = Whole(None, [], [], [])

        def reached(tape, target, sources, *more, **named):
            slopes = _tape_gradient(tape, target, sources, *more, **named)
            got.pairs.extend(zip(tf.nest.flatten(sources), tf.nest.flatten(slopes, expand_composites=False)))
            got.losses.append(_total(target))
            return slopes

        with self._watched(_Watch(self, replace or {}), reached, seed, applied=got.applied):
            logs = self.take(data)
        return got._replace(logs=logs)

    def take(self, data: Any) -> Any:
        """Let the model's own code take a step."""
        return self.model.train_step(data) if self.own is None else self.own(data)

    def traced(self, data: Any, slot: Slot, times: int = 3) -> list[np.ndarray]:
        """What passes at the slot in so many runs of one graph, as `fit` makes it; noise is left to the model.

        Raises
        ------
        StepError
            If the step cannot be traced.
        """
        watch = _Watch(self, {})
        spy = tf.Variable(np.nan, shape=tf.TensorShape(None), dtype=tf.float32)  # it stays nan where nothing passes
        watch.spied = slot, spy

        @tf.function(autograph=False)
        def passing():
            self.take(data)

        kind, call = type(passing), type(passing).__call__

        def inlined(function, *args, **kwargs):
            """A graph inside of this one is traced as a part of it: traced by itself, it would be kept, and train nothing for good."""
            return call(function, *args, **kwargs) if function is passing else function.python_function(*args, **kwargs)

        results = []
        with self._watched(watch, _tape_gradient, None, eager=False), patched(kind, __call__=inlined):
            for _ in range(times):
                passing()
                results.append(spy.numpy())
        return results

    @contextlib.contextmanager
    def _watched(self, watch: "_Watch", reached: Callable, seed: int | None, **how: Any) -> Iterator[None]:
        """The model's own code runs in here: `reached` is called in place of a tape's gradient, failures are StepErrors.

        A gradient with respect to no variable, as that of a penalty, is part of the loss and no step along it.
        """

        def gradient(tape, target, sources, *args, **kwargs):
            if any(isinstance(s, (tf.Variable, keras.Variable)) for s in tf.nest.flatten(sources)):
                return reached(tape, target, sources, *args, **kwargs)
            return _tape_gradient(tape, target, sources, *args, **kwargs)

        try:
            with surroundings(seed, **how), watch.watching(), patched(tf.GradientTape, gradient=gradient):
                yield
        except Exception as error:
            raise StepError(f"{type(error).__name__}: {error}") from error


_tape_gradient = tf.GradientTape.gradient


def _total(target):
    """What a tape differentiates: the sum of all its elements."""
    return float(sum(tf.reduce_sum(tf.cast(t, tf.float32)) for t in tf.nest.flatten(target) if t is not None))


class _Watch:
    """Hooks on the calls of all layers: keeps what passes, and puts in what is to be replaced."""

    def __init__(self, steps: Steps, replace: dict, trainable: bool = False):
        self.steps, self.replace, self.wires = steps, replace, {}
        self.counts: dict[int, int] = {}
        self.inside = False  # of a layer that is seen as a whole
        self.spied: tuple[Slot, tf.Variable] | None = None  # gets what passes there
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

        with patched(keras.Layer, __call__=on_layer), patched(keras.Operation, __call__=on_operation):
            yield

    def call(self, layer, original, args, kwargs):
        if keras.src.backend.common.symbolic_scope.in_symbolic_scope():  # Keras builds a model: nothing is computed
            return original(layer, *args, **kwargs)
        if id(layer) not in self.steps.layers:
            self.steps.layers[id(layer)] = layer
            for variable in getattr(layer, "variables", ()):
                self.steps.before.setdefault(id(variable), (variable, np.asarray(variable)))
        if self.inside:
            return original(layer, *args, **kwargs)
        number = self.counts[id(layer)] = self.counts.get(id(layer), -1) + 1
        args, kwargs = self._passed((args, kwargs), id(layer), number, "in")
        self.inside = isinstance(layer, WHOLE)
        try:
            graph = self._graph(layer, original, args) if self.inside else None
            output = original(layer, *args, **kwargs) if graph is None else graph(args, kwargs)
        finally:
            self.inside = False
        return self._passed(output, id(layer), number, "out")

    def _graph(self, layer, original, args):
        """The layer's call as a graph, made once; None where it runs step by step."""
        if type(layer) not in GRAPHS or not layer.built or not args or not tf.executing_eagerly():
            return None
        if layer.dropout or layer.recurrent_dropout or args[0].shape[1] < LONG:
            return None
        context = keras.src.backend.common.global_state.get_global_attribute("current_call_ctx")
        key = id(layer), getattr(context, "training", None)
        made = self.steps.graphs.setdefault(key, tf.function(lambda a, k: original(layer, *a, **k), autograph=False))

        def run(args, kwargs):
            with run_eagerly(False):
                return made(args, kwargs)

        return run

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
            if self.spied is not None and self.spied[0].wire == wire:
                self.spied[1].assign(tf.cast(self.spied[0].of(value), tf.float32))
        return keras.tree.pack_sequence_as(structure, flat) if changed else structure


def _put(slot, new, old):
    """`old` with the slot's part replaced by `new`, of which only the number of elements has to fit."""
    if slot.start is None:
        return tf.reshape(new, tf.shape(old))
    part = old[..., slot.start : slot.stop]
    return tf.concat([old[..., : slot.start], tf.reshape(new, tf.shape(part)), old[..., slot.stop :]], axis=-1)
