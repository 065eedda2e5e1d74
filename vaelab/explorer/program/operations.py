"""The steps of ``keras.ops`` in a graph, and of activations.

Operations that only move numbers are not here: see ``graph.py``.
"""

import keras
import numpy as np
from keras import activations, tree

from vaelab.explorer.program.build import NotExportable, Value

# The activations that need no argument, by the name under which a program knows them.
_NAMES = (
    "linear", "relu", "leaky_relu", "relu6", "softmax", "celu", "elu", "selu", "softplus", "softsign", "squareplus",
    "soft_shrink", "sparse_plus", "silu", "gelu", "tanh", "tanh_shrink", "sigmoid", "sparse_sigmoid", "exponential",
    "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink", "mish", "log_softmax", "log_sigmoid",
)  # fmt: skip
_KNOWN = [(getattr(activations, name), name) for name in _NAMES if hasattr(activations, name)]

# Sizes of numbers that tell one activation from another.
_SIZES = (1e-3, 0.1, 1.0, 4.0, 30.0, 1e4)

# Elementwise operations: the program's name, and how its settings are called in Keras.
_ELEMENTWISE = {
    "Absolute": ("absolute", {}), "Celu": ("celu", {"alpha": "alpha"}), "Cos": ("cos", {}), "Elu": ("elu", {"alpha": "alpha"}),
    "Exp": ("exponential", {}), "Expm1": ("expm1", {}), "Gelu": ("gelu", {"approximate": "approximate"}),
    "HardShrink": ("hard_shrink", {"threshold": "threshold"}), "HardSigmoid": ("hard_sigmoid", {}),
    "HardSilu": ("hard_silu", {}), "HardTanh": ("hard_tanh", {}), "LeakyRelu": ("leaky_relu", {"slope": "negative_slope"}),
    "Log": ("log", {}), "Log1p": ("log1p", {}), "LogSigmoid": ("log_sigmoid", {}), "Mish": ("mish", {}),
    "Negative": ("negative", {}), "ReLU": ("relu", {"max": "max_value", "slope": "negative_slope", "threshold": "threshold"}),
    "Reciprocal": ("reciprocal", {}), "Relu": ("relu", {}), "Relu6": ("relu6", {}), "Rsqrt": ("rsqrt", {}),
    "Selu": ("selu", {}), "Sigmoid": ("sigmoid", {}), "Silu": ("silu", {}), "Sin": ("sin", {}),
    "SoftShrink": ("soft_shrink", {"threshold": "threshold"}), "Softplus": ("softplus", {}), "Softsign": ("softsign", {}),
    "SparsePlus": ("sparse_plus", {}), "SparseSigmoid": ("sparse_sigmoid", {}), "Sqrt": ("sqrt", {}),
    "Square": ("square", {}), "Squareplus": ("squareplus", {"b": "b"}), "Tanh": ("tanh", {}), "TanhShrink": ("tanh_shrink", {}),
    "Threshold": ("threshold", {"threshold": "threshold", "otherwise": "default"}),
}  # fmt: skip
_COMBINE = {
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "divide",
    "Maximum": "maximum", "Minimum": "minimum", "Power": "power",
}  # fmt: skip
_REDUCE = {"Mean": "average", "Sum": "sum", "Max": "max", "Min": "min", "Amax": "max", "Amin": "min"}


def activation_name(function):
    """Under which name a program knows a function, or None."""
    return next((name for known, name in _KNOWN if known is function), None)


def recognised(function):
    """The name of the activation that a function computes, such as TensorFlow's own of the same kind; or None.

    It is called with numbers of all sizes and has to give exactly what Keras's activation gives.
    """
    rng = np.random.default_rng(0)
    x = np.float32(np.concatenate([scale * rng.normal(size=(4, 9)) for scale in _SIZES], axis=1))
    x = keras.ops.convert_to_tensor(x)
    try:
        found = np.asarray(keras.ops.convert_to_numpy(function(x)))
    except Exception:
        return None
    for known, name in _KNOWN:
        expected = np.asarray(keras.ops.convert_to_numpy(known(x)))
        if found.shape == expected.shape and np.array_equal(found, expected, equal_nan=True):
            return name
    return None


def activate(builder, value, name, **settings):
    """The step of an activation; softmax runs along the last axis, as it does by default."""
    if name in ("softmax", "log_softmax"):
        return builder.softmax(value, len(builder.shapes[value]) - 1, log=name == "log_softmax")
    return builder.activation(value, name, **settings)


def add(builder, operation, args, kwargs):
    """The result of an operation on Values and constants, or None if it is not known."""
    name = type(operation).__name__
    if not type(operation).__module__.startswith("keras.src.") or isinstance(operation, keras.Layer):
        return None
    given = [*args, *kwargs.values()]
    if name in _ELEMENTWISE:
        known, settings = _ELEMENTWISE[name]
        return builder.activation(given[0].number, known, **_settings(operation, settings))
    if name in _COMBINE:
        return builder.combine([_number(builder, one, given) for one in given], _COMBINE[name])
    rule = _RULES.get(name)
    return rule(builder, operation, given) if rule else None


def _settings(operation, names):
    found = {ours: getattr(operation, theirs) for ours, theirs in names.items()}
    return {name: value if value is None or isinstance(value, bool) else float(value) for name, value in found.items()}


def _number(builder, one, given):
    """The number of a value or, added as one, of a constant."""
    rank = max(len(builder.shapes[other.number]) for other in tree.flatten(given) if isinstance(other, Value))
    if isinstance(one, Value):
        if len(builder.shapes[one.number]) != rank:
            raise NotExportable("Two tensors of different rank are combined, across the batch.")
        return one.number
    array = np.asarray(keras.ops.convert_to_numpy(one), np.float64)
    if array.ndim > rank:
        if array.shape[0] != 1:
            raise NotExportable("A constant with a batch of its own is combined with a tensor.")
        array = array[0]
    return builder.constant(array)


def _clip(builder, operation, given):
    value, low, high = given[0].number, operation.x_min, operation.x_max
    low, high = (builder.constant(np.asarray(bound, np.float64)) for bound in (low, high))
    return builder.combine([builder.combine([value, low], "maximum"), high], "minimum")


def _matmul(builder, operation, given):
    if not isinstance(given[0], Value) or isinstance(given[1], Value):
        raise NotExportable("Two tensors are multiplied as matrices.")
    matrix = np.asarray(keras.ops.convert_to_numpy(given[1]), np.float64)
    if matrix.ndim != 2:
        raise NotExportable(f"A tensor is multiplied with a matrix of shape {matrix.shape}.")
    return builder.dense(given[0].number, matrix)


def _axes(builder, value, axis, name):
    """The first and the last of axes that lie side by side, counted without the batch."""
    rank = len(builder.shapes[value]) + 1
    axes = sorted(one % rank for one in ([axis] if isinstance(axis, int) else axis or range(rank)))
    if axes[0] == 0 or axes != list(range(axes[0], axes[-1] + 1)):
        raise NotExportable(f"{name} runs over the axes {axes}, across the batch or not side by side.")
    return axes[0] - 1, axes[-1] - 1


def _reduce(builder, operation, given):
    value, name = given[0].number, type(operation).__name__
    first, last = _axes(builder, value, operation.axis, name)
    shape = builder.shapes[value]
    kept = (1,) * (last - first + 1) if operation.keepdims else ()
    return builder.reduce(value, first, last, _REDUCE[name], shape[:first] + kept + shape[last + 1 :])


def _softmax(builder, operation, given):
    value = given[0].number
    axis, last = _axes(builder, value, operation.axis, "A softmax")
    if axis != last:
        raise NotExportable("A softmax runs over more than one axis.")
    return builder.softmax(value, axis, log=type(operation).__name__ == "LogSoftmax")


def _resize(builder, operation, given):
    plain = not (operation.antialias or operation.crop_to_aspect_ratio or operation.pad_to_aspect_ratio)
    if operation.interpolation not in ("nearest", "bilinear") or operation.data_format != "channels_last" or not plain:
        raise NotExportable("An image is resized in a way that a program does not know (known: nearest and bilinear).")
    return builder.resize(given[0].number, operation.size, operation.interpolation)


_RULES = {
    "Clip": _clip, "Matmul": _matmul, "Softmax": _softmax, "LogSoftmax": _softmax, "Resize": _resize,
    **dict.fromkeys(_REDUCE, _reduce),
}  # fmt: skip
