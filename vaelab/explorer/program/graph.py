"""Walk through a Keras model and write its program."""

import inspect
import itertools
import math

import keras
import numpy as np
from keras import tree

from vaelab.explorer.program import layers, operations
from vaelab.explorer.program.build import Builder, NotExportable, Program, Value

# A program is exact to float32; a model that rounds more coarsely has other outputs.
_PRECISE = ("float32", "float64")
# Labels of these sizes tell what only moves numbers from what rounds, clips or squashes them.
_SCALES = (1e-4, 1.0, 1e3, 1e8)


def export(model, input_shape, outputs=None) -> Program:
    """The program of a Keras model in inference mode.

    Parameters
    ----------
    model : keras.Model
        Sequential, functional, or subclassed with a ``call`` made of layers and ``keras.ops``; built.
    input_shape : tuple of int
        Of its one input, without the batch.
    outputs : int, optional
        How many of the first outputs to keep; by default all.

    Raises
    ------
    NotExportable
        Naming what is not known.
    """
    if outputs is not None and type(model).call is _FUNCTIONAL_CALL:
        model = keras.Model(model.inputs, model.outputs[:outputs])  # without what only the others need
    builder = Builder([input_shape])
    found = _Walk(builder).apply(model, (Value(0),), {})
    return builder.program(found[:outputs])


def _name(part):
    name = getattr(part, "name", None)
    return f"{type(part).__name__} ({name})" if name else type(part).__name__


def _values(structure):
    return [leaf.number for leaf in tree.flatten(structure) if isinstance(leaf, Value)]


class _Walk:
    """Adds the steps of layers, models and operations to a builder."""

    def __init__(self, builder):
        self.builder = builder

    def apply(self, part, args, kwargs):
        """The numbers of the outputs of a layer, model or operation; a Value stands for each tensor."""
        policy = getattr(part, "compute_dtype", "float32")
        if policy not in _PRECISE:
            raise NotExportable(f"{_name(part)} computes in {policy}, and a program in float32.")
        if kwargs.get("training"):
            raise NotExportable(f"{_name(part)} is called with training=True, and a program is for inference.")
        numbers = _values((args, kwargs))
        if type(part).call is keras.Sequential.call:
            for layer in part.layers:
                numbers = self.apply(layer, tuple(map(Value, numbers)), {})
            return numbers
        if type(part).call is _FUNCTIONAL_CALL:
            return self._graph(part, numbers)
        if type(part) in layers.RULES:
            return [self._by_rule(part, numbers)]
        if (made := operations.add(self.builder, part, args, kwargs)) is not None:
            return [made]
        if (made := self._movement(part, args, kwargs)) is not None:
            return [made]
        if isinstance(part, keras.Layer):
            return self._trace(_name(part), part.call, args, kwargs)
        raise NotExportable(f"The operation {_name(part)} is not among those that a program knows.")

    def _by_rule(self, layer, numbers):
        number = layers.RULES[type(layer)](self.builder, layer, *numbers)
        activation = getattr(layer, "activation", None)
        return number if activation is None else self._activate(layer, activation, number)

    def _activate(self, layer, activation, number):
        """The activation of a layer: one of Keras's, a layer, or any function of a tensor."""
        if isinstance(activation, keras.Layer):
            return self.apply(activation, (Value(number),), {})[0]
        if name := operations.activation_name(activation):
            return operations.activate(self.builder, number, name)
        return self._trace(f"The activation of {_name(layer)}", activation, (Value(number),), {})[0]

    def _graph(self, model, numbers):
        """Node after node, as Keras itself runs a functional model."""
        if len(numbers) != len(model.inputs):
            raise NotExportable(f"{_name(model)} takes {len(model.inputs)} inputs, not {len(numbers)}.")
        by_tensor = {id(tensor): Value(number) for tensor, number in zip(model.inputs, numbers, strict=True)}

        def place(thing):
            return by_tensor[id(thing)] if isinstance(thing, keras.KerasTensor) else thing

        for node in _nodes(model):
            args, kwargs = tree.map_structure(place, (node.arguments.args, node.arguments.kwargs))
            made = self.apply(node.operation, args, kwargs)
            for tensor, number in zip(node.outputs, made, strict=True):
                by_tensor[id(tensor)] = Value(number)
        return [by_tensor[id(tensor)].number for tensor in model.outputs]

    def _trace(self, name, function, args, kwargs):
        """Somebody's own layer, model or activation: called with symbolic tensors, which Keras records."""
        numbers = list(dict.fromkeys(_values((args, kwargs))))
        if len(numbers) == 1 and not kwargs and (known := operations.recognised(function)):
            return [operations.activate(self.builder, numbers[0], known)]
        symbolic = {number: keras.Input(self.builder.shapes[number]) for number in numbers}
        given, named = tree.map_structure(
            lambda leaf: symbolic[leaf.number] if isinstance(leaf, Value) else leaf, (args, kwargs)
        )
        try:
            outputs = tree.flatten(function(*given, **named, **_inference(function, kwargs)))
            model = keras.Model(list(symbolic.values()), outputs)
        except Exception as error:
            raise NotExportable(f"{name} is not made of what a program knows ({type(error).__name__}).") from error
        try:
            return self._graph(model, numbers)
        except NotExportable as part:
            raise NotExportable(f"In {name}, {str(part).replace('The operation', 'the operation', 1)}") from part

    def _movement(self, part, args, kwargs):
        """A gather, if the part does nothing but move numbers or drop them; else None.

        It is called with labels in place of numbers, several times with labels of other sizes: if the same places
        come out each time, it moves.
        """
        numbers = list(dict.fromkeys(_values((args, kwargs))))
        if not numbers:
            return None
        sizes = [self.builder.size(number) for number in numbers]
        rng = np.random.default_rng(0)
        places = None
        for scale in _SCALES:
            count = 2 * sum(sizes)  # for a batch of two
            labels = scale * (rng.permutation(count) + 0.37) / count * rng.choice([-1, 1], count)
            labels = labels.astype(np.float32)
            found = self._label(part, args, kwargs, dict(zip(numbers, sizes, strict=True)), labels.reshape(2, -1))
            if found is None or (places is not None and not np.array_equal(found, places)):
                return None
            places = found
        if places.size and np.array_equal(places.ravel(), np.arange(1, sizes[0] + 1)) and len(numbers) == 1:
            return self.builder.reshape(numbers[0], places.shape)
        joined = numbers[0]
        if len(numbers) > 1:
            flat = [self.builder.reshape(number, (size,)) for number, size in zip(numbers, sizes, strict=True)]
            joined = self.builder.concatenate(flat, 0)
        return self.builder.gather(joined, places, places.shape)

    def _label(self, part, args, kwargs, sizes, labels):
        """From which place of its inputs each output number comes: from 1, 0 for a zero; None if from none."""
        starts = dict(zip(sizes, np.cumsum([0, *sizes.values()]), strict=False))

        def fill(leaf):
            if not isinstance(leaf, Value):
                return leaf
            start = starts[leaf.number]
            flat = labels[:, start : start + sizes[leaf.number]]
            return keras.ops.convert_to_tensor(flat.reshape(2, *self.builder.shapes[leaf.number]))

        try:
            filled_args, filled_kwargs = tree.map_structure(fill, (args, kwargs))
            output = part.call(*filled_args, **filled_kwargs, **_inference(part.call, filled_kwargs))
            output = np.asarray(keras.ops.convert_to_numpy(output))
        except Exception:
            return None
        if output.ndim < 1 or len(output) != 2 or output.dtype.kind != "f":
            return None
        return _places(output, labels)


def _places(output, labels):
    """The places of labels that an output consists of, if both images of the batch agree; else None."""
    found = []
    for image, known in zip(output, labels, strict=True):
        order = np.argsort(known)
        at = np.searchsorted(known[order], image.ravel()).clip(max=known.size - 1)
        match = known[order][at] == image.ravel()
        if not np.all(match | (image.ravel() == 0)):
            return None
        found.append(np.where(match, order[at] + 1, 0).reshape(image.shape))
    return found[0] if np.array_equal(*found) and math.prod(found[0].shape) else None


def _inference(call, given=()):
    """``training=False`` for what takes it."""
    try:
        takes = "training" in inspect.signature(call).parameters
    except (TypeError, ValueError):
        takes = False
    return {"training": False} if takes and "training" not in given else {}


def _nodes(model):
    """The nodes of a functional model in an order in which they can be run; inputs left out."""
    by_depth = model._nodes_by_depth
    ordered = itertools.chain.from_iterable(by_depth[depth] for depth in sorted(by_depth, reverse=True))
    return [node for node in ordered if node.operation is not None and not node.is_input]


def _functional_call():
    x = keras.Input((1,))
    return type(keras.Model(x, keras.ops.abs(x))).call


_FUNCTIONAL_CALL = _functional_call()
