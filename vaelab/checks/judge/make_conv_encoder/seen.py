"""What check ``convolutional`` sees of an encoder: its network in two states of the weights, and in training."""

from typing import Any, NamedTuple

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.make_conv_encoder.request import (
    COUNT,
    COURSE,
    KEEPING,
    Images,
    built,
    pair,
    redraw,
    seed,
    spread,
)
from vaelab.checks.judge.problem import Problem
from vaelab.checks.judge.reply import item, tensor

#: Where the first image comes again.
AGAIN = 3
#: A map is small if both its sides are at most this part of the image's.
SMALL = 1 / 1.9
#: Least distance from a linear map, as a share of the spread: with drawn kernels, and as handed in, where small numbers
#: leave a smooth activation nearly straight. (tanh everywhere: 0.3 and 0.03.)
BENT, BENT_AS_HANDED_IN = 0.02, 2e-3


class State(NamedTuple):
    """The network in one state of its weights."""

    words: str  # for a message: how the weights were
    before: list[np.ndarray]  # both outputs
    after: list[np.ndarray]  # with other kernels in the convolutions
    pixels: np.ndarray  # influence of each pixel, (rows, columns)
    through: np.ndarray  # the part of it through small maps after a convolution
    bent: float  # least distance from a linear map


class Seen(NamedTuple):
    """All that the replay said of one encoder."""

    operations: list[dict]
    maps: int  # small maps after a convolution
    states: list[State]
    train: dict
    alone: float  # how much the first image's outputs differ in training, when it comes with others
    fixed: int  # weights that are not trained


def _images(rng) -> Images:
    """``x``: triples ``a, b, (a + b) / 2``, whose averages a linear map keeps, the second with the ``a`` of the first. ``y``: darker images beside it."""
    x = draw.images(rng, COUNT, COURSE[:3])
    x[AGAIN] = x[0]
    for i in range(0, COUNT, 3):
        x[i + 2] = (x[i] + x[i + 1]) / 2
    return {"x": x, "y": np.concatenate([x[:1], 0.2 * x[1:]])}


def look(rng, ask) -> Seen:
    within = [int(n * SMALL) for n in COURSE[:2]]
    pixels = {"do": "pixels", "within": within}
    steps = [
        redraw(rng, KEEPING),
        {"do": "operations", "seed": seed(rng), "gain": KEEPING},
        pixels,
        {"do": "train", "training": True, "other": "y"},
        {"do": "perturb", "seed": seed(rng)},
        {"do": "operations", "seed": seed(rng), "alike": True},
        pixels,
    ]
    _, variables, results, arrays = built(ask, COURSE, _images(rng), steps)
    drawn, ran, through, train, perturbed, ran_again, through_again = results
    states = [
        _state("with other weights", BENT, drawn, ran, through, arrays),
        _state(
            "with the weights that your function starts with",
            BENT_AS_HANDED_IN,
            perturbed,
            ran_again,
            through_again,
            arrays,
        ),
    ]
    together, apart = (
        pair(train.get(key), arrays, COURSE, COUNT, when=" in training mode") for key in ("output", "other")
    )
    alone = max(float(np.abs(a[0] - b[0]).max() / max(spread(a), 1e-12)) for a, b in zip(together, apart))
    fixed = sum(isinstance(v, dict) and v.get("trainable") is False and _floats(v) for v in variables)
    maps = through.get("maps")
    return Seen(_operations(ran), maps if type(maps) is int else 0, states, train, alone, fixed)


def _floats(variable: dict) -> bool:
    return str(variable.get("dtype")).startswith(("float", "bfloat"))


def _state(words: str, bent: float, first: dict, other: dict, influence: dict, arrays) -> State:
    before, after = (pair(result.get("output"), arrays, COURSE, COUNT) for result in (first, other))
    pixels, through = (
        tensor(influence.get(key), arrays, "The gradient by pixel").sum(-1) for key in ("all", "through")
    )
    if any(array.shape != COURSE[:2] for array in (pixels, through)):
        raise Problem("What came back is not in the form that was asked for.")
    return State(words, before, after, pixels, through, bent)


def _operations(result: dict) -> list[dict]:
    """The operations on maps, each with lists of ints where such are expected."""
    operations = []
    for operation in item(result, "operations", list)[:400]:
        if not isinstance(operation, dict):
            continue
        clean = {key: _whole_numbers(operation.get(key)) for key in ("in", "out", "strides", "kernel", "variables")}
        operations.append(
            {
                **clean,
                "type": str(operation.get("type"))[:40],
                "padding": str(operation.get("padding"))[:10],
                "only": operation.get("only") is True,
                "shared": operation.get("shared") is True,
            }
        )
    return operations


def _whole_numbers(value: Any) -> list[int]:
    return [n for n in value if type(n) is int] if isinstance(value, list) else []
