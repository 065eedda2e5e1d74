"""Check ``gradients``: both outputs can be learned."""

import math

from vaelab.checks.judge.make_conv_encoder.request import (
    COUNT,
    COURSE,
    HEADS,
    KEEPING,
    built,
    not_by_chance,
    pair,
    plain,
    redraw,
    seed,
)
from vaelab.checks.judge.problem import Problem
from vaelab.checks.judge.reply import item, tensor


@not_by_chance
def gradients(rng, ask):
    """Both outputs depend on the image and on the convolutions, with any weights and with those handed in."""
    back = {"do": "gradients"}
    steps = [redraw(rng, KEEPING), back, {"do": "perturb", "seed": seed(rng)}, back]
    _, _, (drawn, first, perturbed, second), arrays = built(ask, COURSE, plain(rng, COURSE, COUNT), steps)
    for result, found, fewest in ((drawn, first, 2), (perturbed, second, 1)):
        pair(result.get("output"), arrays, COURSE, COUNT)
        _finite(found)
        _reach_convolutions(found, fewest)
        _reach_image(found, arrays)
    _reach_every_kernel(first, second)


def _rows(found: dict) -> tuple[list[list], list]:
    """Sizes of the gradient by output and variable, and the variables' shapes."""
    sizes, dims = item(found, "sizes", list), item(found, "shapes", list)
    if len(sizes) != 2 or not all(isinstance(s, list) and len(s) == len(dims) for s in sizes):
        raise Problem("The gradient of two outputs was expected.")
    if not dims:
        raise Problem("The encoder has no trainable weights", mistake="encoder.no_gradient")
    return sizes, [dim if isinstance(dim, list) else [] for dim in dims]


def _finite(found: dict) -> None:
    for name, own in zip(HEADS, _rows(found)[0]):
        if any(s is not None and not (type(s) in (int, float) and math.isfinite(s)) for s in own):
            raise Problem(f"The gradient of {name} is not finite.", next_step="Look for an overflow in the network.")


def _reach_convolutions(found: dict, fewest: int) -> None:
    """So many outputs at least send a gradient to the convolutions, or to any kernel if there are none.

    As handed in, one of the two may not: behind a rectifier that is shut, which is another check's business.
    """
    sizes, dims = _rows(found)
    kernels = [i for i, dim in enumerate(dims) if len(dim) >= 2]
    convolutions = [i for i in kernels if len(dims[i]) == 4]
    silent = [i for i, own in enumerate(sizes) if not any(own[k] for k in convolutions or kernels)]
    if len(sizes) - len(silent) >= fewest:
        return
    first = silent[0]
    past = bool(item(found, "images", list)[first]) and any(sizes[first][k] for k in kernels)
    raise Problem(
        f"{HEADS[first]} sends no gradient to {'the convolutions' if convolutions else 'any weight'}",
        mistake="encoder.past_convolutions" if past else "encoder.no_gradient",
        got="gradient 0",
        expected="a gradient",
    )


def _reach_every_kernel(*found: dict) -> None:
    """In one of the states each kernel has an influence: a branch may start with a scale of zero that is never drawn."""
    rows = [row for one in found for row in _rows(one)[0]]
    dims = _rows(found[0])[1]
    untouched = [i for i, dim in enumerate(dims) if len(dim) >= 2 and not any(row[i] for row in rows)]
    if untouched:
        raise Problem(
            f"{len(untouched)} of the encoder's kernels have no influence on the outputs",
            mistake="encoder.no_gradient",
            got=f"{len(untouched)} unused",
            expected="every kernel used",
        )


def _reach_image(found: dict, arrays) -> None:
    if not tensor(found.get("pixels"), arrays, "The gradient by pixel").any():
        raise Problem("No gradient of the outputs reaches the image", mistake="encoder.no_gradient")
