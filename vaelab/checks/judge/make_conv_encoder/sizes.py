"""Checks ``builds`` and ``shapes``: a model, two outputs, and every argument has its effect."""

import numpy as np

from vaelab.checks.judge import draw
from vaelab.checks.judge.make_conv_encoder.request import (
    COUNT,
    COURSE,
    HEADS,
    KEEPING,
    Args,
    Images,
    built,
    change,
    not_by_chance,
    pair,
    percent,
    plain,
    redraw,
    spread,
)
from vaelab.checks.judge.problem import Problem
from vaelab.checks.judge.reply import item, tensor

#: Images of one side longer than 28, so that a crop to the course's size leaves a quarter out.
SHAPES = ((40, 20, 3), (20, 40, 2), (40, 24, 2), (24, 40, 3))
#: Units that nothing else in an encoder has by habit.
UNITS = (11, 13, 19, 23, 31, 37, 71, 139)
#: Part of an image that is replaced, to see whether it matters: a quarter of its rows or columns, or a channel.
PART = 4
#: Changes below this share of the outputs' spread are none.
NONE = 1e-3
#: Least spread, over the pixels, of a channel's share in their influence: without any, one grey is all that counts.
COLOURS = 1e-3
#: Least share of the outputs' spread that a dense layer of the asked size must have a hand in.
A_HAND = 0.05


def builds(rng, ask):
    """A keras.Model that takes the course's images and returns two tensors."""
    _, _, (result,), arrays = built(ask, COURSE, plain(rng, COURSE, COUNT), [redraw(rng, KEEPING)])
    told = result.get("output")
    if not isinstance(told, dict) or told.get("kind") != "list" or told.get("length") != 2:
        pair(told, arrays, COURSE, COUNT)
    for part, name in zip(item(told, "items", list), HEADS):
        tensor(part, arrays, f"The encoder, for {name},")  # of which shape is another check's business


def shapes(rng, ask):
    """(batch, latent_dim) twice, for a batch and an image alone, in other sizes than the course's."""
    args = (*SHAPES[rng.integers(len(SHAPES))], int(rng.choice([3, 5, 16])), int(rng.choice(UNITS)))
    count = int(rng.integers(64, 131)) if rng.integers(5) == 0 else int(rng.choice([11, 13]))
    _of_sizes(rng, ask, args, count)


@not_by_chance
def _of_sizes(rng, ask, args: Args, count: int) -> None:
    images, parts = _with_parts_replaced(rng, args, count)
    which = int(rng.integers(1, count))
    images["alone"] = images["x"][which : which + 1]
    steps = [
        redraw(rng, KEEPING),
        {"do": "outputs", "x": "alone", "training": False},
        {"do": "widths"},
        {"do": "pixels", "within": [0, 0]},  # no map is so small: the whole influence is all that is wanted
        redraw(rng, KEEPING, size=args[4]),
    ]
    try:
        _, _, (result, single, widths, influence, redrawn), arrays = built(ask, args, images, steps)
        together = pair(result.get("output"), arrays, args, count)
    except Problem as problem:
        if problem.mistake is not None:
            raise
        _of_all_sizes(rng, ask)
        raise Problem(f"For images of {args[:3]}: {problem.message}", mistake="encoder.fixed_sizes") from None
    _dimensions_differ(together)
    _alone(together, pair(single.get("output"), arrays, args, 1), which)
    _parts_matter(together, parts, args)
    _colours_matter(tensor(influence.get("all"), arrays, "The gradient by pixel"), args)
    _units(widths, together, pair(redrawn.get("output"), arrays, args, count), args)


def _of_all_sizes(rng, ask):
    """A Problem if the encoder fails with the course's sizes as well: then it is not the sizes."""
    _, _, (result,), arrays = built(ask, COURSE, plain(rng, COURSE, COUNT), [redraw(rng, KEEPING)])
    pair(result.get("output"), arrays, COURSE, COUNT)


def _with_parts_replaced(rng, args: Args, count: int) -> tuple[Images, dict[str, int]]:
    """Images of which several are the first one with a part replaced; and which is which."""
    x = draw.images(rng, count, args[:3])
    rows, columns, channels = args[:3]
    places = {
        f"the upper {rows // PART} rows": np.s_[: rows // PART],
        f"the lower {rows // PART} rows": np.s_[-(rows // PART) :],
        f"the {columns // PART} columns on the left": np.s_[:, : columns // PART],
        f"the {columns // PART} columns on the right": np.s_[:, -(columns // PART) :],
        **({f"channel {c}": np.s_[:, :, c] for c in range(channels)} if channels > 1 else {}),
    }
    for i, place in enumerate(places.values(), start=1):
        part = x[0].copy()
        part[place] = x[i][place]
        x[i] = part
    return {"x": x}, {name: i for i, name in enumerate(places, start=1)}


def _dimensions_differ(heads) -> None:
    """No latent dimension is constant, or a copy of another one. (They may be fewer than their number says: a narrow layer.)"""
    for head, name in zip(heads, HEADS):
        size = head.std(0)
        if not size.any() or head.min() >= 0:
            continue  # the whole output is constant, or cut off at 0: another check's business
        unit = (head - head.mean(0)) / np.maximum(size, 1e-12)
        likeness = np.abs(unit.T @ unit) / len(head) - np.eye(head.shape[1])
        if not size.all() or likeness.max(initial=0) > 1 - 1e-6:
            raise Problem(
                f"With latent_dim={head.shape[1]}, some dimensions of {name} are constant, or copies of others",
                mistake="encoder.fixed_sizes",
                got="fewer dimensions",
                expected=f"{head.shape[1]} dimensions",
            )


def _alone(together, alone, which: int) -> None:
    for a, b, name in zip(together, alone, HEADS):
        if not np.allclose(a[which : which + 1], b, rtol=1e-2, atol=1e-3 * max(1.0, np.abs(a).max())):
            raise Problem(
                f"{name} of one image is {b[0, 0]:.3g} when the encoder gets that image alone, and "
                f"{a[which, 0]:.3g} when it comes in a batch of {len(a)}",
                mistake="encoder.not_alone",
                got=f"{b[0, 0]:.3g} and {a[which, 0]:.3g}",
                expected="the same numbers",
            )


def _parts_matter(together, parts: dict[str, int], args: Args) -> None:
    """Each part of an image of this size has an influence on the outputs."""
    silent = [
        name
        for name, i in parts.items()
        if all(np.abs(head[i] - head[0]).max() <= NONE * spread(head) for head in together)
    ]
    if not silent:
        return
    if len(silent) == len(parts):
        raise Problem("No part of the image has an influence on the outputs", mistake="encoder.no_gradient")
    raise Problem(
        f"For images of shape {args[:3]}, {silent[0]} {'has' if 'channel' in silent[0] else 'have'} no influence on the outputs",
        mistake="encoder.ignored_pixels",
        got="no influence",
        expected="every part of the image is used",
    )


def _colours_matter(influence: np.ndarray, args: Args) -> None:
    """The channels have a part each: not in the same proportion at every pixel, as where one grey is made of them first."""
    channels = args[2]
    total = influence.sum(-1, keepdims=True)
    if channels == 1 or influence.shape != args[:3] or not total.any():
        return
    shares = (influence / np.maximum(total, 1e-30))[total[..., 0] > 1e-2 * total.max()]
    if shares.std(0).max() < COLOURS:
        raise Problem(
            f"For images of shape {args[:3]}, one mixture of the {channels} channels is all that has an influence on the outputs: "
            "what differs in colour alone looks the same to your encoder.",
            got="one grey",
            expected=f"{channels} channels",
            next_step="See what your first layers make of the last axis.",
        )


def _units(widths: dict, before, after, args: Args) -> None:
    """The dense layer before the heads, if there is one, has `intermediate_dim` units."""
    asked = args[4]
    known, hidden = ([n for n in item(widths, key, list) if type(n) is int] for key in ("all", "hidden"))
    if widths.get("open") is not True and hidden and asked not in known:
        sizes = " and ".join(map(str, hidden[:3]))
        raise Problem(
            f"With intermediate_dim={asked}, the dense layer before the heads has {sizes} units",
            mistake="encoder.intermediate_dim",
            got=f"{sizes} units",
            expected=f"{asked} units",
        )
    share = max(change(a, b) for a, b in zip(before, after))
    if asked in known and widths.get("open") is not True and share < A_HAND:
        raise Problem(
            f"With intermediate_dim={asked}, the layer of {asked} units has a hand in {percent(share)} of the outputs' spread",
            mistake="encoder.intermediate_dim",
            got=percent(share),
            expected="the layer before the heads",
        )
