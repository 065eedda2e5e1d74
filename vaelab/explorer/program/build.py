"""The format of a program, and the builder that writes one step after the other. NumPy only."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Value:
    """Stands for a value of a program, by its number, where Keras has a tensor."""

    number: int


def array(variable):
    """A weight as float64, or None if there is none."""
    return None if variable is None else np.asarray(variable, np.float64)


class NotExportable(Exception):
    """A model has a part that no step computes. The message is one sentence that names the part."""


@dataclass(frozen=True)
class Program:
    """A network as steps.

    Values are numbered: first the inputs, then the result of each step. All are flat float32 arrays in C order,
    without a batch dimension; their shapes are recorded.

    Attributes
    ----------
    inputs : int
        How many of the first values are inputs.
    shapes : list of tuple of int
        The shape of every value.
    steps : list of dict
        ``op``: what to do; ``in``: numbers of the values it takes; ``weights``: numbers of its weights; and
        what else the operation needs. ``Builder`` has a method for each operation, which says what it computes.
    outputs : list of int
        Numbers of the values that are returned.
    weights : list of numpy.ndarray
        float32.
    """

    inputs: int
    shapes: list
    steps: list
    outputs: list
    weights: list

    @property
    def input_shapes(self):
        return self.shapes[: self.inputs]

    @property
    def output_shapes(self):
        return [self.shapes[value] for value in self.outputs]

    def __str__(self):
        """One line a step: what it does, the shape of its result, how many weights it has."""
        lines = [f"input {number}: {shape}" for number, shape in enumerate(self.input_shapes)]
        for step, shape in zip(self.steps, self.shapes[self.inputs :], strict=True):
            count = sum(self.weights[number].size for number in step["weights"])
            lines.append(f"{step.get('name', step['op'])}: {shape}" + (f", {count:,} weights" if count else ""))
        return "\n".join(lines)

    def header(self) -> dict[str, Any]:
        """All but the weights, for JSON; ``sizes`` says how many numbers each weight has."""
        return {
            "inputs": self.inputs,
            "shapes": [list(shape) for shape in self.shapes],
            "steps": self.steps,
            "outputs": self.outputs,
            "sizes": [int(weight.size) for weight in self.weights],
        }

    def numbers(self) -> np.ndarray:
        """All weights, one after the other, float32."""
        return np.concatenate([weight.ravel() for weight in self.weights] or [np.zeros(0, np.float32)])


@dataclass
class Builder:
    """Writes a program. Every method that adds steps takes numbers of values and returns that of the result.

    Parameters
    ----------
    input_shapes : list of tuple of int
        Without the batch dimension.
    """

    input_shapes: list
    steps: list = field(default_factory=list)
    weights: list = field(default_factory=list)

    def __post_init__(self):
        self.shapes = [tuple(shape) for shape in self.input_shapes]
        self._known = {}

    def program(self, outputs) -> Program:
        return Program(len(self.input_shapes), self.shapes, self.steps, list(outputs), self.weights)

    def add(self, op, inputs, shape, weights=(), **settings):
        """Add a step; its result has that shape."""
        step = {"op": op, "in": list(inputs), "weights": [self._weight(weight) for weight in weights], **settings}
        self.steps.append(step)
        self.shapes.append(tuple(int(size) for size in shape))
        return len(self.shapes) - 1

    def _weight(self, array):
        array = np.ascontiguousarray(array, np.float32)
        # A layer that is called twice has its weights stored once.
        key = (array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = len(self.weights)
            self.weights.append(array)
        return self._known[key]

    def size(self, value):
        return math.prod(self.shapes[value])

    # Steps, by operation -------------------------------------------------------------

    def reshape(self, value, shape):
        """The same numbers under another shape."""
        return self.add("reshape", [value], shape)

    def activation(self, value, name, **settings):
        """An elementwise function by its name in Keras; settings are its further arguments."""
        if name == "linear":
            return value
        return self.add("activation", [value], self.shapes[value], name=name, **settings)

    def softmax(self, value, axis, log=False):
        """exp(x) over its sum along one axis (counted without the batch)."""
        outer, size, inner = self.split(value, axis)
        return self.add("softmax", [value], self.shapes[value], outer=outer, size=size, inner=inner, log=log)

    def dense(self, value, kernel, bias=None):
        """The last axis times ``kernel`` ``(inputs, units)``, plus bias."""
        weights = [kernel] if bias is None else [kernel, bias]
        return self.add("dense", [value], (*self.shapes[value][:-1], kernel.shape[1]), weights, units=kernel.shape[1])

    def conv(self, value, shape, kernel, bias=None, *, strides, dilation, pad, groups=1, transposed=False):
        """A two-dimensional convolution of ``(height, width, channels)`` to ``shape``.

        ``kernel`` is ``(height, width, filters, channels of a group)``. An output pixel o takes, at place k of the
        kernel, input pixel o * strides + k * dilation - pad; transposed: input pixel i where
        i * strides + k * dilation - pad = o.
        """
        weights = [kernel] if bias is None else [kernel, bias]
        settings = {"strides": list(strides), "dilation": list(dilation), "pad": list(pad)}
        return self.add(
            "conv", [value], shape, weights, kernel=list(kernel.shape[:2]), groups=groups, transposed=transposed, **settings
        )  # fmt: skip

    def pool(self, value, shape, kind, *, size, strides, pad):
        """The maximum or the average ("max", "average") of the pixels of each window that lie inside the image."""
        return self.add("pool", [value], shape, kind=kind, kernel=list(size), strides=list(strides), pad=list(pad))

    def affine(self, value, scale, offset, axis=None):
        """x * scale + offset, with one number, one for each index of an axis, or one for each number of x."""
        shape = self.shapes[value]
        inner = 1 if axis is None else math.prod(shape[axis + 1 :])
        return self.add("affine", [value], shape, [scale, offset], inner=inner)

    def normalise(self, value, first, last, epsilon, mode, gamma=None, beta=None):
        """Values over their standard deviation along the axes from ``first`` to ``last``, times gamma, plus beta.

        ``mode``: "standard" takes the mean off; "deviation" keeps it; "rms" keeps it and divides by the root of the
        mean square.
        """
        shape = self.shapes[value]
        size = math.prod(shape[first : last + 1])
        weights = [np.ones(size) if gamma is None else gamma, np.zeros(size) if beta is None else beta]
        outer, inner = math.prod(shape[:first]), math.prod(shape[last + 1 :])
        settings = {"outer": outer, "size": size, "inner": inner, "epsilon": epsilon, "mode": mode}
        return self.add("normalise", [value], shape, weights, **settings)

    def group_normalise(self, value, axis, groups, epsilon, gamma, beta):
        """Mean 0, variance 1 over everything but the groups of channels; gamma and beta by channel."""
        outer, size, inner = self.split(value, axis)
        return self.add(
            "group_normalise", [value], self.shapes[value], [gamma, beta],
            outer=outer, size=size, inner=inner, groups=groups, epsilon=epsilon,
        )  # fmt: skip

    def resize(self, value, size, kind):
        """An image at another height and width, "nearest" or "bilinear" between the centres of pixels."""
        return self.add("resize", [value], (*size, self.shapes[value][2]), kind=kind)

    def combine(self, values, kind):
        """Add, subtract, multiply, divide, average, maximum or minimum of values, broadcast to one shape."""
        shape = np.broadcast_shapes(*(self.shapes[value] for value in values))
        values = [self.broadcast(value, shape) for value in values]
        return self.add("combine", values, shape, kind=kind)

    def concatenate(self, values, axis):
        """Values one after the other along an axis (counted without the batch)."""
        shapes = [self.shapes[value] for value in values]
        shape = list(shapes[0])
        shape[axis] = sum(one[axis] for one in shapes)
        return self.add("concatenate", values, shape, outer=math.prod(shape[:axis]))

    def reduce(self, value, first, last, kind, shape):
        """The "average", "sum", "max" or "min" over the axes from ``first`` to ``last``."""
        before = self.shapes[value]
        outer, inner = math.prod(before[:first]), math.prod(before[last + 1 :])
        size = math.prod(before[first : last + 1])
        return self.add("reduce", [value], shape, kind=kind, outer=outer, size=size, inner=inner)

    def gather(self, value, places, shape):
        """Numbers of a value in another order; ``places`` counts from 1, and 0 stands for a zero."""
        if self.size(value) >= 2**24:  # places are stored as float32
            raise NotExportable(f"A value of {self.size(value)} numbers is too large to rearrange.")
        return self.add("gather", [value], shape, [np.ravel(places)])

    def constant(self, array):
        """Numbers that do not depend on the input."""
        array = np.asarray(array, np.float32)
        return self.add("constant", [], array.shape, [array])

    # Shapes --------------------------------------------------------------------------

    def split(self, value, axis):
        """How many numbers lie outside, along and inside an axis."""
        shape = self.shapes[value]
        axis %= len(shape)
        return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])

    def broadcast(self, value, shape):
        if self.shapes[value] == tuple(shape):
            return value
        places = np.arange(1, self.size(value) + 1).reshape(self.shapes[value])
        return self.gather(value, np.broadcast_to(places, shape), shape)
