"""Checks of ``make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim)``.

Nothing here depends on trained weights or on the class of a layer: kernels are drawn anew,
and it is looked at what the outputs can do. The student's process only tells which graph
its model is (`vaelab.checks.student.trace`); what that graph does is found out by running it where
no student's code has run (`vaelab.checks.replay`).
"""

import functools
import math
import re

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.reply import Problem, item, raised, tensor

_NAME = "make_conv_encoder"
_HEADS = ("z_mean", "z_log_var")
#: The course's own sizes, in all checks but one: code that works for no others loses that one, and no code can tell by
#: its sizes which of the checks asks. (A smaller `intermediate_dim`: each of its weights is drawn many times.)
_COURSE = (28, 28, 1, 2, 32)
#: What may look so by chance, since behind a rectifier all numbers are 0 with some kernels: believed if it is so three times.
_BY_CHANCE = ("encoder.no_gradient", "encoder.no_normalisation")


def _run(rng, ask, args, count, steps, names=False):
    """Build an encoder with `args`, run steps on `count` images; what is told of the model, results, arrays.

    A step may say ``count`` (of fewer images) and ``training``. Its images are "x", or "y":
    the same first image in other company.
    """
    x = draw.images(rng, count, args[:3])
    images = {"x": x, "y": np.concatenate([x[:1], 1 - x[1:]])}
    modes = [(step.get("count", count), step.get("training", False)) for step in steps]
    kinds = list(dict.fromkeys(modes))
    traces = [{"shape": [number, *args[:3]], "training": training} for number, training in kinds]
    body, arrays = ask(
        {"op": "trace", "args": list(args), "traces": traces, "names": names, "drawn": steps[0]["do"] == "redraw"}, {}
    )
    model, graphs = item(body, "model", dict), item(body, "graphs", list)
    if model.get("is_model") is not True:
        kind = model.get("type")
        raise Problem(
            f"make_conv_encoder returned a {kind if isinstance(kind, str) else 'strange object'}"[:120]
            + "; a keras.Model was expected.",
            got=str(kind)[:40],
            expected="a keras.Model",
            next_step="Return the model at the end of the function.",
        )
    for (number, _), graph in zip(kinds, graphs):
        if isinstance(graph, dict) and "error" in graph:
            raise _rank(raised(graph["error"], "The encoder", f" on images of shape {(number, *args[:3])}"))
    steps = [{"x": "x", **step, "graph": kinds.index(mode)} for step, mode in zip(steps, modes)]
    body, arrays = ask.replay(
        {"traces": traces, "graphs": graphs, "variables": body.get("variables"), "steps": steps}, {**arrays, **images}
    )
    results = item(body, "steps", list)
    if len(results) != len(steps) or not all(isinstance(r, dict) for r in results):
        raise Problem("What came back is not in the form that was asked for.")
    for result in results:
        if "error" in result:
            raise raised(result["error"], "The encoder")
        told = result.get("output")
        if (
            result.get("steady") is False and isinstance(told, dict) and told.get("length") == 2
        ):  # one output: there is more to say
            raise Problem(
                "Asked twice about the same images, with the same weights, the encoder gives different outputs.",
                got="different outputs",
                expected="equal outputs",
                next_step="Nothing is drawn in an encoder: it computes the parameters of q(z|x), the sampling layer draws.",
            )
    return model, results, arrays


def _redraw(rng, gain):
    """A step that draws all kernels anew: heads may rightly start at zero, and then tell nothing."""
    return {"do": "redraw", "seed": int(rng.integers(2**31)), "gain": gain}


def _rank(problem):
    """The same problem, recognised if it comes from a missing channel axis."""
    if re.search(r"ndim=4,? found ndim=3|rank 3.*rank 4|expected .*ndim=4", problem.message):
        problem.mistake = "encoder.no_channel_axis"
    return problem


def _built(rng, ask, *args):
    try:
        return _run(rng, ask, *args)
    except Problem as problem:
        raise _rank(problem) from None


def _pair(told, arrays, args, count, finite=True, when=""):
    """Both outputs as arrays ``(count, latent_dim)``, or a Problem that says what they are."""
    told = told if isinstance(told, dict) else {}
    size = args[3]
    expected = f"two tensors of shape ({count}, {size})"
    if told.get("kind") != "list":
        if told.get("kind") == "other":
            raise Problem(
                f"The encoder returned a {str(told.get('type'))[:40]} where a list of two tensors was expected.",
                got=str(told.get("type"))[:40],
                expected=expected,
                next_step="keras.Model takes a list of outputs.",
            )
        array = tensor(told, arrays, "The encoder", finite=False)
        raise Problem(
            f"The encoder returned one tensor of shape {array.shape}",
            mistake="encoder.z_only",
            got=f"shape {array.shape}",
            expected=expected,
        )
    length = told.get("length")
    if length != 2:
        one = length == 1
        raise Problem(
            f"The encoder returned {length if type(length) is int else 'some'} tensors",
            mistake="encoder.z_only" if one else "encoder.three_outputs",
            got=f"{length} tensors"[:30],
            expected=expected,
        )
    parts = item(told, "items", list)
    pair = [tensor(part, arrays, f"The encoder, for {name}{when},", finite=finite) for part, name in zip(parts, _HEADS)]
    if len(pair) != 2:
        raise Problem("What came back is not in the form that was asked for.")
    for array, name in zip(pair, _HEADS):
        if array.shape != (count, size):
            mistake = None
            if array.ndim == 4:
                mistake = "encoder.no_flatten"
            elif array.ndim == 2 and len(array) == count:
                mistake = "encoder.fixed_sizes"
            raise Problem(
                f"For {count} images and latent_dim={size}, {name} has shape {array.shape} where "
                f"({count}, {size}) was expected" + ("" if mistake else "."),
                mistake=mistake,
                got=f"shape {array.shape}",
                expected=f"shape ({count}, {size})",
                next_step=None if mistake else "Print the shape after each layer with model.summary().",
            )
    return pair


def builds(rng, ask):
    """A keras.Model that takes the course's images and returns two tensors."""
    _, (result,), arrays = _built(rng, ask, _COURSE, 3, [_redraw(rng, 1.4)])
    told = result.get("output")
    if not isinstance(told, dict) or told.get("kind") != "list" or told.get("length") != 2:
        _pair(told, arrays, _COURSE, 3)
    for part, name in zip(item(told, "items", list), _HEADS):
        tensor(part, arrays, f"The encoder, for {name},")  # of which shape is another check's business


def shapes(rng, ask):
    """(batch, latent_dim) twice, for a batch of 7 and an image alone, and other sizes of everything."""
    count = 7
    images = ((32, 24, 3), (24, 32, 1), (36, 20, 2))[rng.integers(3)]
    other = (*images, int(rng.choice([1, 5, 16])), int(rng.choice([16, 32])))
    _, (result, single), arrays = _built(rng, ask, _COURSE, count, [_redraw(rng, 1.4), {"do": "outputs", "count": 1}])
    together, alone = (
        _pair(result.get("output"), arrays, _COURSE, count),
        _pair(single.get("output"), arrays, _COURSE, 1),
    )
    for a, b, name in zip(together, alone, _HEADS):
        if not np.allclose(a[:1], b, rtol=1e-2, atol=1e-3 * max(1.0, np.abs(a).max())):
            raise Problem(
                f"{name} of one image is {b[0, 0]:.3g} when the encoder gets that image alone, and "
                f"{a[0, 0]:.3g} when it comes in a batch of {count}",
                mistake="encoder.not_alone",
                got=f"{b[0, 0]:.3g} and {a[0, 0]:.3g}",
                expected="the same numbers",
            )
    try:
        _, (result,), arrays = _built(rng, ask, other, count, [_redraw(rng, 1.4)])
    except Problem as problem:
        if problem.mistake is None:
            raise Problem(f"For images of {other[:3]}: {problem.message}", mistake="encoder.fixed_sizes") from None
        raise
    _pair(result.get("output"), arrays, other, count)


def _operations(result):
    """The operations on maps, each with lists of ints where such are expected."""
    operations = []
    for operation in item(result, "operations", list)[:400]:
        if not isinstance(operation, dict):
            continue
        clean = {
            key: [n for n in (operation.get(key) if isinstance(operation.get(key), list) else []) if type(n) is int]
            for key in ("in", "out", "strides", "kernel", "variables")
        }
        operations.append(
            {
                **clean,
                "type": str(operation.get("type"))[:40],
                "padding": str(operation.get("padding"))[:10],
                "only": operation.get("only") is True,
            }
        )
    return operations


def _not_by_chance(check):
    """`check`, repeated with other kernels where what it finds may be chance."""

    @functools.wraps(check)
    def repeated(rng, ask):
        for last in (False, False, True):
            try:
                return check(rng, ask)
            except Problem as problem:
                if last or problem.mistake not in _BY_CHANCE:
                    raise

    return repeated


@_not_by_chance
def convolutional(rng, ask):
    """Convolutions take part, rows and columns shrink, batch normalisation is at work."""
    args, count = _COURSE, 8
    steps = [
        _redraw(rng, 1.4),
        {**_redraw(rng, 1.4), "do": "operations"},
        {"do": "gradients", "together": True},
        {"do": "train", "training": True},
        {"do": "train", "training": True, "x": "y"},
    ]
    _, (drawn, ran, back, *trained), arrays = _built(rng, ask, args, count, steps)
    before, after = (_pair(result.get("output"), arrays, args, count) for result in (drawn, ran))
    operations = _operations(ran)
    convolutions = [operation for operation in operations if operation["kernel"]]
    size = _sizes(back)
    least = 1e-6 * max(size.values(), default=0)
    used = [c for c in convolutions if any(size.get(i, 0) > least for i in c["variables"])]
    if convolutions and not used:
        raise Problem("Neither output depends on the convolutions", mistake="encoder.no_gradient")
    shared = [c for c in used if not _whole(c)]
    if not any(c["kernel"] != [1, 1] for c in shared):
        kind = (
            "1×1" if shared else "as large as the whole maps, as in a dense layer" if used else "those of other layers"
        )
        raise Problem(f"The kernels that the outputs depend on are {kind}", mistake="encoder.no_convolution")
    if all(np.allclose(a, b, rtol=1e-4, atol=1e-4 * np.ptp(a)) for a, b in zip(before, after)):
        raise Problem(
            "With other kernels in the convolutions, each output is what it was",
            mistake="encoder.no_convolution",
            got="equal outputs",
            expected="other outputs",
        )
    pooled = _pooled(operations)
    if pooled:
        raise Problem(
            f"{pooled[0]}×{pooled[1]} positions become one in a single step",
            mistake="encoder.pooled_too_early",
            got="1×1 in one step",
            expected="several steps",
        )
    maps = [
        o["out"][1:3]
        for o in operations
        if len(o["out"]) == 4
        and o["out"][0] == count
        and o["type"] != "Reshape"
        and (not o["kernel"] or o in shared)
        and not _averages(o)
    ]
    if not any(rows <= args[0] / 1.9 and columns <= args[1] / 1.9 for rows, columns in maps):
        raise Problem("The images keep their rows, their columns or both", mistake="encoder.no_downsampling")
    # Batch normalisation is told by what it does: averages move, and images have a part in each other's outputs.
    changed = [c for c in item(trained[0], "changed", list) if type(c) in (int, float)]
    together, apart = (_pair(result.get("output"), arrays, args, count, when=" in training mode") for result in trained)
    if not any(c > 0 for c in changed) or all(
        np.allclose(a[0], b[0], rtol=1e-4, atol=1e-6) for a, b in zip(together, apart)
    ):
        raise Problem("A call in training mode changes no moving average", mistake="encoder.no_normalisation")
    pixels = tensor(back.get("pixels"), arrays, "The gradient by pixel")
    if pixels.shape == args[:3] and not pixels.sum(-1).all():
        lost = int((pixels.sum(-1) == 0).sum())
        told = f"{lost} of the {pixels.sum(-1).size} pixels have no influence on the outputs"
        seen = {"got": f"{lost} pixels ignored", "expected": "none"}
        windows = [(c["padding"], *w) for c in convolutions for w in zip(c["in"][1:3], c["kernel"], c["strides"])]
        if any(padding == "valid" and s > 1 and (n - k) % s for padding, n, k, s in windows):
            raise Problem(told, mistake="encoder.valid_strides", **seen)
        if any(s > k for _, _, k, s in windows):
            raise Problem(
                f"{told}: a stride is larger than its kernel.",
                **seen,
                next_step="A kernel that moves on by more than its own size jumps over pixels. Work out which it reads.",
            )


def _sizes(back):
    """By number of the variable, how strongly the outputs depend on it."""
    rows, which = item(back, "sizes", list), item(back, "which", list)
    found = {}
    for row in rows:
        for i, size in zip(which, row if isinstance(row, list) else []):
            if type(i) is int and type(size) in (int, float) and math.isfinite(size):
                found[i] = max(found.get(i, 0.0), size)
    return found


def _whole(operation):
    """Does the kernel look at all positions at once, so that no weight is shared by two of them?"""
    return operation["out"][1:3] == [1, 1] and all(k >= n for k, n in zip(operation["kernel"], operation["in"][1:3]))


def _averages(operation):
    """Does it reduce whole maps to a number each?"""
    before, after = operation["in"], operation["out"]
    return (
        operation["type"] in ("Mean", "Max", "Sum", "Min", "Prod")
        and len(before) == 4
        and after in ([before[0], before[3]], [before[0], 1, 1, before[3]])
    )


def _pooled(operations):
    """``[rows, columns]`` of the first maps of 36 positions or more that one step reduces to 1×1, or None.

    A kernel as large as the maps is no pooling, as it has a weight for each position; nor
    is there anything lost by pooling if other maps are flattened elsewhere, or if the maps
    themselves go on.
    """
    if any(
        len(o["in"]) == 4 and math.prod(o["in"][1:3]) > 1 and o["out"] == [o["in"][0], math.prod(o["in"][1:])]
        for o in operations
    ):
        return None
    for o in operations:
        before, after, kernel = o["in"], o["out"], o["kernel"]
        if len(before) == 4 and math.prod(before[1:3]) >= 36 and o["only"] | bool(kernel):
            whole = math.prod(kernel) >= math.prod(before[1:3])  # of no kernel, 1
            if _averages(o) or len(after) == 4 and after[1:3] == [1, 1] and not whole:
                return before[1:3]
    return None


def _called(names, output_names):
    """The names that the student's code has for the first and for the second output."""
    first, second = set(), set()
    for pair in names if isinstance(names, list) else []:
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(p, list) for p in pair):
            first |= {str(n).lower() for n in pair[0]}
            second |= {str(n).lower() for n in pair[1]}
    if isinstance(output_names, list) and len(output_names) == 2:
        first.add(str(output_names[0]).lower())
        second.add(str(output_names[1]).lower())
    return first, second


def _is_mean(names):
    return any(re.search(r"mean|(^|_)mu(_|$)|(^|_)loc(_|$)|average", n) for n in names) and not _is_var(names)


def _is_var(names):
    return any(re.search(r"var|sigma|std|logv", n) for n in names)


def _determined(a, b):
    """Does `b` follow from `a` by a linear formula, up to a tenth of its spread? Of separate heads, nine tenths do not."""
    x = np.column_stack([a, np.ones(len(a))])
    rest = b - x @ np.linalg.lstsq(x, b, rcond=None)[0]
    return bool((rest.std(0) < 0.1 * b.std(0)).all())


def unbounded(rng, ask):
    """Two separate heads, in order, that can take any value."""
    args, count = _COURSE, 32
    redraws = [_redraw(rng, 12.0) for _ in range(8)]  # a dimension may be of one sign by chance, 8 times two are not
    steps = [{"do": "outputs"}, {"do": "outputs", "training": True}, *redraws, {"do": "outputs", "training": True}]
    model, results, arrays = _built(rng, ask, args, count, steps, True)
    start = _pair(results[0].get("output"), arrays, args, count, finite=False)
    training = _pair(results[1].get("output"), arrays, args, count, finite=False)
    redrawn = [_pair(result.get("output"), arrays, args, count, finite=False) for result in results[2:-1]]
    if any(np.isnan(head).any() for pair in redrawn for head in pair):
        raise Problem(
            "With other weights the encoder returns nan.",
            got="nan",
            expected="numbers",
            next_step="Look for a logarithm of a negative number, or a division by zero.",
        )
    redrawn = [
        [np.clip(head, -1e30, 1e30) for head in pair] for pair in redrawn
    ]  # an exponential of such weights is inf
    trained = _pair(results[-1].get("output"), arrays, args, count, finite=False)  # large before a normalisation
    heads = [np.concatenate([pair[i] for pair in redrawn]) for i in range(2)]
    if all(np.allclose(a, b) for a, b in redrawn):
        raise Problem(
            "z_mean and z_log_var are equal for every image",
            mistake="encoder.same_head",
            got="equal outputs",
            expected="two different outputs",
        )
    if all(_determined(a, b) or _determined(b, a) for a, b in redrawn):
        raise Problem(
            "One of z_mean and z_log_var is computed from the other, not from the image",
            mistake="encoder.same_head",
            got="one output from the other",
            expected="two heads on the same features",
        )
    for i, name in enumerate(_HEADS):
        if all(np.ptp(pair[i], axis=0).max() < 1e-7 for pair in [start, *redrawn]):
            raise Problem(f"{name} is the same for all images", mistake="encoder.no_gradient")
    which = [
        n
        for n, *both in zip(_HEADS, training, trained)
        if any(abs(a.mean(0)).max() < 2e-3 and abs(a.std(0) - 1).max() < 2e-2 for a in both)
    ]
    if which:
        raise Problem(
            f"In training, every dimension of {' and '.join(which)} is normalised over the batch",
            mistake="encoder.normalised_heads",
        )
    positive = [bool(head.min() >= 0) for head in heads]
    if any(positive):
        mistake = {
            (True, True): "encoder.relu_heads",
            (False, True): "encoder.relu_log_var",
            (True, False): "encoder.relu_mean",
        }[tuple(positive)]
        which = " and ".join(n for n, p in zip(_HEADS, positive) if p)
        raise Problem(
            f"Whatever the weights, {which} {'are' if all(positive) else 'is'} never below {min(h.min() for h, p in zip(heads, positive) if p):.3g}",
            mistake=mistake,
            got="no negative value",
            expected="values of both signs",
        )
    # A log variance may be kept from extremes, where exponentials overflow.
    for name, head, mistake, far in zip(_HEADS, heads, ("encoder.tanh_mean", "encoder.bounded_log_var"), (10, 4)):
        low, high = head.min(), head.max()
        if (low > -far) != (high < far):
            side = f"below {low:.3g}" if low > -far else f"above {high:.3g}"
            raise Problem(
                f"Whatever the weights, {name} is never {side}.",
                got=f"never {side}",
                expected="any value",
                next_step=f"Follow the last operations before {name}: one of them leaves a part of the numbers out of reach.",
            )
        if low > -far:
            raise Problem(
                f"Whatever the weights, {name} stays between {low:.3g} and {high:.3g}",
                mistake=mistake,
                got=f"[{low:.3g}, {high:.3g}]",
                expected="any value",
            )
    if any(np.isnan(head).any() for head in training):
        raise Problem(
            "In training mode the encoder returns nan.",
            got="nan",
            expected="numbers",
            next_step="Call it with training=True on a few images: after which layer is there a nan?",
        )
    largest = max(np.abs(start[1]).max(), np.abs(training[1]).max())
    if not largest < 25 or not np.isfinite(start[0]).all():
        raise Problem(
            f"Before any training, z_log_var reaches {largest:.3g}",
            mistake="encoder.large_start",
            got=f"{largest:.3g}",
            expected="a few units",
        )
    first, second = _called(model.get("names"), model.get("output_names"))
    if _is_var(first) and not _is_mean(first) and _is_mean(second):
        name = min(n for n in first if _is_var({n}))[:40]
        raise Problem(
            f"The first output is called {name}",
            mistake="encoder.order",
            got=f"{name} first",
            expected="the mean first",
        )


@_not_by_chance
def gradients(rng, ask):
    """Both outputs depend on the image and on the convolutions."""
    args, count = _COURSE, 8
    _, (outputs, back), arrays = _built(rng, ask, args, count, [_redraw(rng, 1.4), {"do": "gradients"}])
    _pair(outputs.get("output"), arrays, args, count)
    sizes, dims = item(back, "sizes", list), item(back, "shapes", list)
    if len(sizes) != 2 or not all(isinstance(s, list) and len(s) == len(dims) for s in sizes):
        raise Problem("The gradient of two outputs was expected.")
    if not dims:
        raise Problem("The encoder has no trainable weights", mistake="encoder.no_gradient")
    for name, own in zip(_HEADS, sizes):
        bad = [s for s in own if s is not None and not (type(s) in (int, float) and math.isfinite(s))]
        if bad:
            raise Problem(f"The gradient of {name} is not finite.", next_step="Look for an overflow in the network.")
        kernels = [i for i, dim in enumerate(dims) if isinstance(dim, list) and len(dim) >= 2]
        convolutions = [i for i in kernels if len(dims[i]) == 4]
        if not any(own[i] for i in kernels) or convolutions and not any(own[i] for i in convolutions):
            raise Problem(
                f"{name} sends no gradient to {'the convolutions' if convolutions else 'any weight'}",
                mistake="encoder.no_gradient",
                got="gradient 0",
                expected="a gradient",
            )
    untouched = [
        i for i, dim in enumerate(dims) if isinstance(dim, list) and len(dim) >= 2 and not any(own[i] for own in sizes)
    ]
    if untouched:
        raise Problem(
            f"{len(untouched)} of the encoder's kernels have no influence on the outputs",
            mistake="encoder.no_gradient",
            got=f"{len(untouched)} unused",
            expected="every kernel used",
        )
    pixels = tensor(back.get("pixels"), arrays, "The gradient by pixel")
    if not pixels.any():
        raise Problem("The outputs do not depend on the image", mistake="encoder.no_gradient")


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (builds, shapes, convolutional, unbounded, gradients)}
