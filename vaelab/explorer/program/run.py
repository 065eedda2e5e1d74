"""Run a program in NumPy, many points at once: the steps that the course's own networks consist of.

For a notebook that has no need of TensorFlow. Other steps run in the browser only (``page/program.js``).
"""

import numpy as np
from scipy.special import expit

_FUNCTIONS = {"relu": lambda x: np.maximum(x, 0), "sigmoid": expit, "tanh": np.tanh}


def run(program, x):
    """The outputs of a program of one input, each ``(N, ...)``, float32, at x ``(N, ...)``.

    Raises
    ------
    NotImplementedError
        If a step is not among those of the course's networks.
    """
    x = np.asarray(x, np.float32)
    values = [x.reshape(len(x), *program.shapes[0])]
    for step, shape in zip(program.steps, program.shapes[1:], strict=True):
        rule = _RULES.get(step["op"])
        if rule is None:
            raise NotImplementedError(f"NumPy does not run the step {step['op']!r}; the browser does.")
        weights = [program.weights[n] for n in step["weights"]]
        made = rule(step, shape, *(values[n] for n in step["in"]), *weights)
        values.append(np.asarray(made, np.float32).reshape(len(x), *shape))
    return [values[n] for n in program.outputs]


def _dense(step, shape, x, kernel, bias=0.0):
    return x @ kernel + bias


def _activation(step, shape, x):
    if step["name"] not in _FUNCTIONS:
        raise NotImplementedError(f"NumPy does not run the activation {step['name']!r}; the browser does.")
    return _FUNCTIONS[step["name"]](x)


def _affine(step, shape, x, scale, offset):
    place = np.arange(x[0].size) // step["inner"] % scale.size
    return x.reshape(len(x), -1) * scale.ravel()[place] + offset.ravel()[place]


def _conv(step, shape, x, kernel, bias=0.0):
    """One product of matrices for each place of the kernel, added where it falls (``Builder.conv``)."""
    if step["groups"] != 1:
        raise NotImplementedError("NumPy does not run convolutions in groups; the browser does.")
    out = np.zeros((len(x), *shape), np.float64)
    for j, i in np.ndindex(*step["kernel"]):
        (to_y, from_y), (to_x, from_x) = (_reach(step, shape, x.shape[1:], axis, k) for axis, k in ((0, j), (1, i)))
        if len(to_y) and len(to_x):
            out[:, to_y[:, None], to_x] += x[:, from_y[:, None], from_x] @ kernel[j, i].T
    return out + bias


def _reach(step, to, given, axis, k):
    """Along one axis: the output places that place k of the kernel reaches, and the input places it takes them from."""
    stride, shift = step["strides"][axis], k * step["dilation"][axis] - step["pad"][axis]
    if step["transposed"]:
        source = np.arange(given[axis])
        target = source * stride + shift
    else:
        target = np.arange(to[axis])
        source = target * stride + shift
    inside = (source >= 0) & (source < given[axis]) & (target >= 0) & (target < to[axis])
    return target[inside], source[inside]


_RULES = {
    "activation": _activation,
    "affine": _affine,
    "conv": _conv,
    "dense": _dense,
    "reshape": lambda step, shape, x: x,
}
