"""The student's side of the checks of an encoder: what the model computes, as TensorFlow graphs.

A judge cannot recompute an encoder that it does not know. So it asks for the model itself,
not for its outputs: `trace` calls the student's function, traces the model that comes back
(`tf.function`) for each shape and mode that the judge lists, and returns the serialised
graphs and the values of the variables that they read. `vaelab.checks.replay` runs those
where no student's code has run.

Like `vaelab.checks.student.probe`, this decides nothing and knows no expected value.
"""

import contextlib
import inspect
import math
import sys

import numpy as np

from vaelab.checks.student.describe import MAX_ITEMS, error_of, text_of, type_name

#: Variables that are described, and numbers that all of them may hold together (in a message, two bytes each).
MAX_VARIABLES, MAX_NUMBERS = 400, 16_000_000


class TooLarge(Exception):
    """The model has more weights than are read; says how many."""


def trace(asked, given, target, arrays):
    """Call the target with numbers; return the graphs of the model that it returns.

    ``asked["traces"]`` lists ``{"shape": [batch, rows, columns, channels], "training": bool or None}``;
    None is a plain call, ``model(x)``, after which a layer may still be in training mode.
    ``asked["sent"]`` is how many numbers a kernel may have whose numbers are sent; larger ones stay here, as the judge
    draws them.
    """
    import keras

    names = []
    with _naming(target, names) if asked.get("names") else contextlib.nullcontext():
        model = target(*asked["args"])
    told = {"type": type_name(model), "is_model": issubclass(type(model), keras.Model), "names": names}
    if not told["is_model"]:
        return {"model": told, "graphs": [], "variables": []}
    graphs, variables = [], _Variables(model, asked["sent"], arrays)
    for i, wanted in enumerate(asked["traces"]):
        # A model that is a class of the student's names its outputs when it is called.
        listening = asked.get("names") and i == 0 and not getattr(model, "outputs", None)
        try:
            with _naming(target, names) if listening else contextlib.nullcontext():
                graphs.append(
                    _traced(model, tuple(wanted["shape"]), wanted["training"], f"graph{i}", variables, arrays)
                )
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            graphs.append({"error": error_of(error)})
            break
    with contextlib.suppress(Exception):
        told["output_names"] = [text_of(t._keras_history.operation.name)[:60] for t in model.outputs][:4]
    return {"model": told, "graphs": graphs, "variables": variables.told}


class _Variables:
    """The variables of a model, described once each however many graphs read them."""

    def __init__(self, model, sent, arrays):
        self.sent, self.arrays, self.told, self.handles = sent, arrays, [], {}
        self.model, self.total = model, 0

    def all_trainable(self):
        """Describe the trainable ones, in the model's order, whether a graph reads them or not."""
        for variable in self.model.trainable_variables[:MAX_VARIABLES]:
            self._add(variable.value, text_of(variable.name), True)

    def number(self, handle, graph):
        """The number of the variable behind a handle that a graph reads."""
        if id(handle) not in self.handles:
            for variable in graph.variables:
                if variable.handle is handle:
                    self._add(variable, text_of(variable.name), False)
        if id(handle) not in self.handles:
            raise TypeError(
                "the model keeps something that is neither a layer's weight nor a number, such as a table of words"
            )
        return self.handles[id(handle)]

    def _add(self, variable, name, trainable):
        if id(variable.handle) in self.handles:
            return
        i, shape, dtype = len(self.told), [int(n) for n in variable.shape], variable.dtype.name
        self.total += int(np.prod(shape))
        if i >= MAX_VARIABLES or self.total > MAX_NUMBERS:
            shapes = [v.shape for v in self.model.variables]
            raise TooLarge(
                f"its {len(shapes)} weights hold {sum(map(math.prod, shapes)):,} numbers, more than these images "
                f"need; up to {MAX_VARIABLES} weights with {MAX_NUMBERS:,} numbers in all are checked."
            )
        self.handles[id(variable.handle)] = i
        value, kernel = None, trainable and (len(shape) >= 2 or name == "bias")
        if not kernel or math.prod(shape) <= self.sent:
            value, array = f"variable{i}", _array(variable)
            # Before kernels are drawn anew, outputs are asked for their size alone: half the bytes of a message will do.
            self.arrays[value] = array.astype("float16") if array.size > 1000 and array.dtype.kind == "f" else array
        self.told.append({"name": name[:60], "shape": shape, "dtype": dtype, "trainable": trainable, "value": value})


def _array(tensor):
    """The numbers of a variable or tensor; bfloat16, which NumPy has not, as float32."""
    import tensorflow as tf

    tensor = tf.convert_to_tensor(tensor)
    return np.asarray((tf.cast(tensor, tf.float32) if tensor.dtype == tf.bfloat16 else tensor).numpy())


def _traced(model, shape, training, name, variables, arrays):
    """One graph: its bytes go to ``arrays[name]``, what comes back says how to run it."""
    import tensorflow as tf

    if not model.built:  # it may only be built by its first call
        model(tf.zeros(shape))
    told, mode = {}, {} if training is None and not _must_be_said(model) else {"training": bool(training)}

    def compute(x):
        tensors = []
        told["output"] = _structure(model(x, **mode), tensors)
        return tensors

    function = tf.function(compute, autograph=False).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    variables.all_trainable()
    captures = []
    for i, (outside, inside) in enumerate(function.graph.captures):
        if outside.dtype == tf.resource:
            captures.append({"name": inside.name, "variable": variables.number(outside, function.graph)})
        else:
            arrays[f"{name}.{i}"] = _array(outside)
            captures.append({"name": inside.name, "array": f"{name}.{i}", "dtype": outside.dtype.name})
    arrays[name] = np.frombuffer(function.graph.as_graph_def().SerializeToString(), np.uint8)
    return {
        **told,
        "graph": name,
        "input": function.inputs[0].name,
        "captures": captures,
        "outputs": [tensor.name for tensor in function.outputs],
    }


def _must_be_said(model):
    """Does a plain call need ``training``: as an argument without a default, or for Keras's augmentation, which is on without it?"""
    layers, waiting = [], [model]
    while waiting and len(layers) < MAX_VARIABLES:
        layers.append(waiting.pop())
        waiting += getattr(layers[-1], "layers", [])
    defaults = [_default_of_training(layer) for layer in layers]
    own = [type(layer).__module__.startswith("keras.") for layer in layers]
    return defaults[0] is inspect.Parameter.empty or any(d is True and k for d, k in zip(defaults, own))


def _default_of_training(layer):
    with contextlib.suppress(TypeError, ValueError, KeyError):
        return inspect.signature(layer.call).parameters["training"].default
    return None


def _structure(value, tensors, depth=0):
    """JSON that says what `value` is; tensors are numbered in ``tensors``, in order."""
    import keras
    import tensorflow as tf

    kind = type(value)
    told = {"type": type_name(value)}
    if value is None:
        return {"kind": "none", **told}
    if kind in (list, tuple):
        told.update(kind="list", length=len(value))
        if depth < 2:
            told["items"] = [_structure(item, tensors, depth + 1) for item in value[:3]]
        return told
    if issubclass(kind, keras.Variable) or issubclass(kind, tf.Variable):
        value = tf.convert_to_tensor(value)
        kind = type(value)
    if issubclass(kind, keras.KerasTensor):
        return {"kind": "symbolic", **told}
    if issubclass(kind, tf.Tensor):
        tensors.append(value)
        return {"kind": "tensor", "index": len(tensors) - 1, **told}
    return {"kind": "other", **told}


@contextlib.contextmanager
def _naming(target, names):
    """Gathers, in `names`, what the student's code calls the two tensors it returns.

    Two linear heads are told apart by nothing but what their author calls them.
    """
    import keras

    mine = getattr(target, "__globals__", None)

    def on_return(frame, event, value):
        if event != "return" or frame.f_globals is not mine or len(names) >= MAX_ITEMS:
            return
        if issubclass(type(value), keras.Model):
            value = getattr(value, "outputs", None)
        if type(value) in (list, tuple) and len(value) == 2:
            local = frame.f_locals
            names.append([[text_of(name)[:60] for name, held in local.items() if held is item][:4] for item in value])

    before = sys.getprofile()
    sys.setprofile(on_return)
    try:
        yield
    finally:
        sys.setprofile(before)
