"""One untrusted graph, imported beside the variables: images go in, outputs and gradients come out."""

import functools
import math

import numpy as np

from vaelab.checks.replay.allowed import LOOPS, may_differ
from vaelab.checks.replay.claims import MAX_CAPTURES, Refused, Traced, number_type, take, tensor_name
from vaelab.checks.replay.inline import safe
from vaelab.checks.replay.variables import Variables
from vaelab.checks.student.describe import numbers

#: Tensors that a graph may return, and outputs that are differentiated.
MAX_OUTPUTS, MAX_DIFFERENTIATED = 100, 3
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")


class Graph:
    """``x`` goes in, ``outputs`` come out.

    Parameters
    ----------
    number : int
        Place in the request.
    told : Traced
        From an untrusted process.
    shape : list of int
        Of the images, ``[batch, rows, columns, channels]``.

    Raises
    ------
    Refused
        If the graph is not what its description says, or does what it may not.
    """

    def __init__(self, number: int, told: Traced, shape: list[int], variables: Variables, given: dict[str, np.ndarray]):
        import tensorflow as tf

        self.told = take(told, "output", dict)
        outputs = [tensor_name(name) for name in take(told, "outputs", list)]
        self.x = tf.compat.v1.placeholder(tf.float32, shape)
        stands_for = {tensor_name(take(told, "input", str)): self.x}
        captures = take(told, "captures", list)
        if len(outputs) > MAX_OUTPUTS or len(captures) > MAX_CAPTURES:
            raise Refused("The encoder reads or returns too many tensors.")
        self.captured = set()
        for capture in captures:
            name = tensor_name(take(capture, "name", str))
            if "variable" in capture:
                i = take(capture, "variable", int)
                if not 0 <= i < len(variables.handles):
                    raise Refused("The encoder reads a weight that it has not.")
                stands_for[name] = variables.handles[i]
                self.captured.add(i)
            else:
                array = given.get(take(capture, "array", str))
                if type(array) is not np.ndarray or array.dtype.kind not in "biuf":
                    raise Refused("One of the encoder's constants is not what its description says.")
                stands_for[name] = tf.cast(tf.constant(array), number_type(take(capture, "dtype", str)))
        graph_def, outputs = safe(given.get(take(told, "graph", str)), outputs)
        nodes = [*graph_def.node, *(n for function in graph_def.library.function for n in function.node_def)]
        self.random = any(may_differ(node) for node in nodes)
        self.changes = any(node.op.startswith("Assign") or node.op in LOOPS for node in nodes)
        present = {node.name for node in graph_def.node}
        self.scope = f"graph{number}"
        self.outputs = (
            tf.graph_util.import_graph_def(
                graph_def,
                {name: tensor for name, tensor in stands_for.items() if name.partition(":")[0] in present},
                outputs,
                name=self.scope,
            )
            if outputs
            else []
        )
        self.plain = [tf.cast(t, tf.float32) if t.dtype == tf.bfloat16 else t for t in self.outputs]
        self.weighed = [t for t in self.outputs[:MAX_DIFFERENTIATED] if t.dtype.is_floating]
        self.handles = {handle.op.name: i for i, handle in enumerate(variables.handles)}

    # --- gradients: made before any run -----------------------------------------------------

    @functools.cached_property
    def weights(self):
        """A placeholder an output: the gradients are those of the sum of the outputs with these weights."""
        import tensorflow as tf

        return [tf.compat.v1.placeholder(t.dtype, t.shape) for t in self.weighed]

    def differentiate(self, variables: Variables) -> None:
        """Make the gradients by trainable variables and by ``x``."""
        import tensorflow as tf

        self.differentiated = [i for i in variables.floating if variables.trainable[i]]
        by = [*(variables.handles[i] for i in self.differentiated), self.x]
        made = tf.gradients(self.weighed, by, grad_ys=self.weights) if self.weighed else [None] * len(by)
        self.gradients = [None if g is None else tf.cast(tf.convert_to_tensor(g), tf.float32) for g in made]

    def split(self, within: list[int]) -> None:
        """Make the gradient by ``x``, in two parts: through small maps that come after a convolution, and past them.

        Small maps are tensors ``(batch, rows, columns, channels)`` of at most ``within`` rows
        and columns. All of them are held constant for the second part, so that both add up to
        the whole gradient.
        """
        import tensorflow as tf

        after = self.reached_from(self.convolutions())
        maps = [
            t
            for op in self.used
            if op.name in after
            for t in op.outputs
            if t.dtype.is_floating and _is_small_map(t.shape, self.x.shape[0], within)
        ]
        self.maps = len(maps)
        self.through = self.past = None
        if not self.weighed:
            return
        *partial, self.past = tf.gradients(
            self.weighed, [*maps, self.x], grad_ys=self.weights, stop_gradients=maps or None
        )
        pairs = [(t, g) for t, g in zip(maps, partial) if g is not None]
        self.maps = len(pairs)
        self.through = tf.gradients([t for t, _ in pairs], self.x, grad_ys=[g for _, g in pairs])[0] if pairs else None

    # --- wiring --------------------------------------------------------------------------------

    @functools.cached_property
    def used(self) -> list:
        """The operations that the outputs are computed by, in order."""
        wanted, waiting = set(), [t.op for t in self.outputs]
        while waiting:
            op = waiting.pop()
            if op.name not in wanted:
                wanted.add(op.name)
                waiting += [source.op for source in op.inputs]
        return [op for op in self.x.graph.get_operations() if op.name in wanted and self._is_mine(op)]

    def _is_mine(self, op) -> bool:
        return op.name.startswith(f"{self.scope}/")

    def reached_from(self, start: list) -> set[str]:
        """Names of the operations that compute with what `start` (operations) returns, and their own."""
        found, waiting = set(), list(start)
        while waiting:
            op = waiting.pop()
            if op.name not in found:
                found.add(op.name)
                waiting += [other for t in op.outputs for other in t.consumers() if self._is_mine(other)]
        return found

    @functools.cached_property
    def from_images(self) -> set[str]:
        """Names of the operations that the images have a part in."""
        return self.reached_from([self.x.op])

    def convolutions(self) -> list:
        """Convolutions of the images whose kernel is larger than a pixel and is used at several places."""
        found = []
        for op in self.used:
            if op.type not in CONVOLUTIONS or op.inputs[1].op.name in self.from_images:
                continue
            kernel, before, after = (_sizes(t.shape) for t in (op.inputs[1], op.inputs[0], op.outputs[0]))
            if len(kernel) == len(before) == len(after) == 4 and kernel[:2] != [1, 1]:
                if after[1:3] != [1, 1] or any(k < n for k, n in zip(kernel, before[1:3])):
                    found.append(op)
        return found

    def read_by(self, tensor) -> list[int]:
        """Numbers of the variables that `tensor` is computed from; none if the images have a part in it."""
        found, seen, waiting = set(), set(), [tensor.op]
        while waiting:
            op = waiting.pop()
            if op.name in seen:
                continue
            seen.add(op.name)
            if op.name == self.x.op.name:
                return []
            if op.name in self.handles:
                found.add(self.handles[op.name])
            waiting += [source.op for source in op.inputs]
        return sorted(found)

    # --- values --------------------------------------------------------------------------------

    def describe(self, values: list, name: str, arrays: dict[str, np.ndarray]) -> dict:
        """What the judge reads of `values`: the structure that was told, with numbers of ours."""

        def filled(told, name, depth=0):
            kind = told.get("kind") if type(told) is dict else None
            if kind == "tensor":
                i = told.get("index")
                if type(i) is not int or not 0 <= i < len(values):
                    raise Refused("What came back of the encoder is not in the form that was asked for.")
                return numbers(np.asarray(values[i]), {"kind": "tensor"}, name, arrays)
            if kind == "list":
                items = told.get("items") if type(told.get("items")) is list and depth < 2 else []
                length = told.get("length")
                return {
                    "kind": "list",
                    "type": str(told.get("type"))[:80],
                    "length": length if type(length) is int else -1,
                    "items": [filled(item, f"{name}.{i}", depth + 1) for i, item in enumerate(items[:3])],
                }
            return {
                "kind": "none" if kind == "none" else "other",
                "type": str(told.get("type"))[:80] if kind else "nothing",
            }

        return filled(self.told, name)


def _sizes(shape) -> list[int]:
    """The sizes of a static shape, 0 for one that is not known; [] if not even their number is."""
    return [] if shape.rank is None else [size or 0 for size in shape.as_list()]


def _is_small_map(shape, count: int, within: list[int]) -> bool:
    sizes = _sizes(shape)
    return (
        len(sizes) == 4
        and 0 not in sizes
        and sizes[0] == count
        and math.prod(sizes[1:3]) > 1
        and all(n <= most for n, most in zip(sizes[1:3], within))
    )
