"""The steps of a request: each runs a graph in one state of the variables and describes what happened.

Like the probe, a step decides nothing: it returns numbers, and the judge compares them.
"""

import contextlib

import numpy as np

from vaelab.checks.replay.graph import CONVOLUTIONS, Graph
from vaelab.checks.replay.runner import Runner
from vaelab.checks.student.describe import numbers

#: Outputs of one input may differ by so much of their spread, and are the same.
STEADY = 2e-5
#: How often the same images are sent through a graph that writes to variables, or loops, and through one with random operations.
#: Through any other, once: of the operations that are run, none but these has a memory.
TIMES_IF_CHANGING, TIMES_IF_RANDOM = 2, 16
#: Operations on maps that are listed, and tensors whose moments are taken: at most so many, with so many numbers in all.
MAX_LISTED, MAX_MOMENTS, MAX_FETCHED = 400, 60, 12_000_000

REDUCTIONS = ("Mean", "Max", "Sum", "Min", "Prod")
POOLS = ("MaxPool", "MaxPoolV2", "AvgPool")
SAMPLERS = ("StridedSlice", "SpaceToDepth", "SpaceToBatchND", "ResizeBilinear", "ResizeNearestNeighbor", "ResizeArea")
MAPS = {*CONVOLUTIONS, *POOLS, *REDUCTIONS, *SAMPLERS, "Reshape"}
PRODUCTS = ("MatMul", "BatchMatMulV2", "Einsum")
#: What the last operation of a normalisation can be.
ELEMENTWISE = ("AddV2", "Add", "Sub", "Mul", "RealDiv", "FusedBatchNormV3")


def outputs(runner: Runner, graph: Graph, step, x, name, arrays):
    """Several times where they may differ, unless in training mode: what is random, or counts its calls, could pass for what depends on the weights."""
    before = runner.state() if graph.changes else {}
    first = runner.fetch(graph.plain, graph, x)
    steady = True
    times = TIMES_IF_RANDOM if graph.random else TIMES_IF_CHANGING if graph.changes else 1
    for _ in range(0 if step.get("training") else times - 1):
        steady = steady and all(map(_equal, first, runner.fetch(graph.plain, graph, x)))
    runner.assign(before)
    told = {"output": graph.describe(first, name, arrays)}
    return told if step.get("training") else {**told, "steady": steady}


def _equal(a, b) -> bool:
    return np.allclose(a, b, rtol=0, atol=STEADY * float(np.ptp(a)) if np.size(a) else 0, equal_nan=True)


def redraw(runner, graph, step, x, name, arrays):
    runner.redraw(step)
    return outputs(runner, graph, step, x, name, arrays)


def perturb(runner, graph, step, x, name, arrays):
    runner.perturb(graph, step, x)
    return outputs(runner, graph, step, x, name, arrays)


def train(runner, graph, step, x, name, arrays, other=None):
    """By how much each variable that all graphs read has changed, and how each map was normalised.

    The images `other` are sent through as well: a normalised map has the same moments for them.
    """
    maps = _normalised(graph)
    before, fetched = runner.state(), []
    changed = []
    for images in (x, other):
        fetched.append(runner.fetch([*graph.plain, *maps], graph, images))
        if not changed:
            after = runner.state()
            # Of variables that only one of several graphs reads, a change is nobody's business.
            changed = [
                float(np.abs(after[i].astype("float64") - before[i].astype("float64")).max(initial=0.0))
                for i in runner.variables.floating
                if all(i in graph.captured for graph in runner.graphs)
            ]
        runner.assign(before)
    count = len(graph.plain)
    return {
        "output": graph.describe(fetched[0][:count], name, arrays),
        "other": graph.describe(fetched[1][:count], f"{name}.other", arrays),
        "changed": changed,
        "moments": [_moments(a, b) for a, b in zip(fetched[0][count:], fetched[1][count:])],
    }


def _normalised(graph: Graph) -> list:
    """Tensors that may be normalised maps: after a convolution, before any dense layer unless they still have rows and columns."""
    after, dense = graph.reached_from(graph.convolutions()), graph.reached_from(_dense(graph))
    found, total = [], 0
    for op in reversed(graph.used):
        if op.type not in ELEMENTWISE or op.name not in after or not op.outputs[0].dtype.is_floating:
            continue
        sizes = op.outputs[0].shape.as_list() if op.outputs[0].shape.rank is not None else []
        if len(sizes) < 2 or None in sizes or sizes[0] != graph.x.shape[0]:
            continue
        if np.prod(sizes[1:-1], dtype=int) == 1 and op.name in dense:
            continue
        total += int(np.prod(sizes))
        if total > MAX_FETCHED or len(found) >= MAX_MOMENTS:
            break
        found.append(op.outputs[0])
    return found


def _moments(a: np.ndarray, b: np.ndarray) -> dict:
    """For each axis but the first: how far means and spreads along it differ from one batch to the other.

    ``mean`` is the largest difference, in spreads of the whole tensor; ``spread`` the median
    ratio (above 1), as a normalisation's epsilon shows where there is next to nothing.
    ``alone`` is how much the first image's part differs.
    """
    a, b = a.astype("float64"), b.astype("float64")
    whole = max(float(a.std()), float(b.std()), 1e-12)
    axes = []
    for axis in range(1, a.ndim):
        others = tuple(i for i in range(a.ndim) if i != axis)
        means, spreads = [t.mean(others) for t in (a, b)], [t.std(others) + 1e-3 * whole for t in (a, b)]
        ratio = spreads[0] / spreads[1]
        axes.append(
            {
                "size": a.shape[axis],
                "mean": float(np.abs(means[0] - means[1]).max() / whole),
                "spread": float(np.median(np.maximum(ratio, 1 / ratio))),
            }
        )
    return {"shape": list(a.shape), "axes": axes, "alone": float(np.abs(a[0] - b[0]).max() / whole)}


def gradients(runner, graph, step, x, name, arrays):
    """Of each output: the size by variable, and for the images; by pixel for all outputs together."""
    which, found = graph.differentiated, []
    for choice in np.eye(len(graph.weighed)):
        values = iter(
            runner.fetch([g for g in graph.gradients if g is not None], graph, x, runner.weights(graph, x, choice))
        )
        found.append([None if g is None else next(values).astype("float64") for g in graph.gradients])
    pixels = sum((np.abs(row[-1]).sum(0) for row in found if row[-1] is not None), np.zeros(x.shape[1:]))
    return {
        "sizes": [[None if g is None else float(np.sqrt((g**2).sum())) for g in row[:-1]] for row in found],
        "which": which,
        "shapes": [list(runner.variables.shapes[i]) for i in which],
        "images": [0.0 if row[-1] is None else float(np.sqrt((row[-1] ** 2).sum())) for row in found],
        "pixels": numbers(pixels, {"kind": "tensor"}, name, arrays),
    }


def pixels(runner, graph, step, x, name, arrays):
    """By pixel: the influence on the outputs, and that part of it which goes through small maps after a convolution."""
    parts = [t for t in (graph.through, graph.past) if t is not None]
    values = iter(runner.fetch(parts, graph, x, runner.weights(graph, x)))
    through, past = (
        np.zeros(x.shape) if t is None else next(values).astype("float64") for t in (graph.through, graph.past)
    )
    return {
        "maps": graph.maps,
        "all": numbers(np.abs(through + past).sum(0), {"kind": "tensor"}, f"{name}.all", arrays),
        "through": numbers(np.abs(through).sum(0), {"kind": "tensor"}, f"{name}.through", arrays),
    }


def operations(runner, graph, step, x, name, arrays):
    """Each operation by which maps (images, rows, columns, channels) become others, in order.

    And what comes out with other kernels in the convolutions, of the same size with ``alike``.
    """
    others = {op.name for op in graph.convolutions()}
    listed = []
    for op in graph.used:
        if op.type not in MAPS or len(listed) >= MAX_LISTED:
            continue
        with contextlib.suppress(ValueError, TypeError):  # of a shape that is not known
            listed.append(_operation(op, graph))
            listed[-1]["shared"] = op.name in others
    kernels = sorted({i for one in listed if one["shared"] for i in one["variables"] if runner.variables.trainable[i]})
    before = runner.state(kernels)
    runner.assign((runner.alike if step.get("alike") else runner.drawn)(step, kernels))
    told = outputs(runner, graph, step, x, name, arrays)
    runner.assign(before)
    return {"operations": listed, **told}


def _operation(op, graph: Graph) -> dict:
    one = {"type": op.type, "in": op.inputs[0].shape.as_list()[:6], "out": op.outputs[0].shape.as_list()[:6]}
    if op.type in CONVOLUTIONS:
        one["kernel"] = op.inputs[1].shape.as_list()[:2]
        one["variables"] = graph.read_by(op.inputs[1])
    if op.type in (*CONVOLUTIONS, *POOLS) and op.type != "MaxPoolV2":
        one["strides"] = list(op.get_attr("strides"))[1:3]
        one["padding"] = op.get_attr("padding").decode().lower()
    # Is what goes in used for anything else?
    mine = {used.name for used in graph.used}
    one["only"] = all(
        other.type in (*REDUCTIONS, *POOLS, "Shape") for other in op.inputs[0].consumers() if other.name in mine
    )
    return one


def widths(runner, graph, step, x, name, arrays):
    """The dense layers before the heads: sizes of vectors on the way to the outputs.

    ``all`` lists the widths of all tensors ``(batch, n)``; ``hidden`` those of the dense
    layers that the heads read; ``open`` is whether the heads read maps past these.
    """
    dense = {op.name: op for op in _dense(graph)}

    def back(start):
        """The first dense layers on the way back from `start`, and whether the images, or maps, are reached without one."""
        found, seen, waiting, reached = [], set(), list(start), False
        while waiting:
            op = waiting.pop()
            if op.name in seen or op.name not in graph.from_images:
                continue
            seen.add(op.name)
            if op.name in dense:
                found.append(op)
            elif op.name == graph.x.op.name:
                reached = True
            else:
                waiting += [t.op for t in op.inputs]
        return found, reached

    heads, _ = back([t.op for t in graph.outputs])
    hidden, reached = back([t.op for op in heads for t in op.inputs])
    vectors = {_width(t, graph) for op in graph.used if op.name in graph.from_images for t in op.outputs}
    return {
        "all": sorted(vectors - {None}),
        "hidden": sorted({_width(op.outputs[0], graph) for op in hidden}),
        "open": reached or not hidden,
    }


def _dense(graph: Graph) -> list:
    """Products of vectors, one an image, with weights: dense layers, however they are written."""
    found = []
    for op in graph.used:
        if op.type in (*PRODUCTS, *CONVOLUTIONS) and _width(op.outputs[0], graph) is not None:
            from_images = [t.op.name in graph.from_images for t in op.inputs]
            if any(from_images) and not all(from_images):
                found.append(op)
    return found


def _width(tensor, graph: Graph) -> int | None:
    """n of a tensor of shape (batch, n), with axes of length 1 in between; else None."""
    sizes = tensor.shape.as_list() if tensor.shape.rank is not None else []
    if len(sizes) < 2 or sizes[0] != graph.x.shape[0] or any(n != 1 for n in sizes[1:-1]):
        return None
    return sizes[-1]


STEPS = {
    "outputs": outputs,
    "redraw": redraw,
    "perturb": perturb,
    "train": train,
    "gradients": gradients,
    "pixels": pixels,
    "operations": operations,
    "widths": widths,
}
