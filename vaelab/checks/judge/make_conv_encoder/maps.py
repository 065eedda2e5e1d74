"""Check ``convolutional``: what the network between image and heads does, one small function a property.

Each property is looked at twice: with kernels drawn anew, and with the weights as they
were handed in, lightly perturbed. A network that is right in one of these states only
switches when its weights are touched.
"""

import math
from typing import Any

import numpy as np

from vaelab.checks.judge.make_conv_encoder.request import HEADS, change, not_by_chance, percent, spread
from vaelab.checks.judge.make_conv_encoder.seen import AGAIN, Seen, State, look
from vaelab.checks.judge.problem import Problem
from vaelab.checks.judge.reply import item

#: Least change, as a share of the outputs' spread over images, that other kernels in the convolutions make. (Honest
#: encoders: half and more.)
INFLUENCE = 0.2
#: Least share of a pixel's influence that goes through small maps after a convolution. (Honest encoders: nearly all.)
THROUGH = 0.2
#: A pixel with less than this share of the largest influence of a pixel has none. (At a corner, honest encoders go down
#: to a hundredth.)
UNSEEN = 5e-4
#: Rows and columns at the end of an image that pooling may leave over.
EDGE = 6
#: A normalised map's means agree to this share of its spread, and most of its spreads up to this factor (of epsilon).
SAME_MEAN, SAME_SPREAD = 0.01, 1.5
#: What other images in the batch change, in training, about the first image: about its part of a map, and its outputs.
COMPANY, COMPANY_OF_OUTPUTS = 1e-3, 0.05
#: Positions that one step may reduce to one: 6×6 and more is too many to lose at once.
TOO_MANY = 36


@not_by_chance
def convolutional(rng, ask):
    """Convolutions take part, rows and columns shrink, batch normalisation is at work."""
    seen = look(rng, ask)
    for rule in RULES:
        rule(seen)


def _when(state: State) -> str:
    return f"{state.words[0].upper()}{state.words[1:]}"


# --- properties -------------------------------------------------------------------------------


def _varies(head: np.ndarray) -> bool:
    return bool(spread(head) > 1e-6 * (1 + np.abs(head).max()))


def depends_on_images(seen: Seen) -> None:
    """Outputs that are the same for all images, however the weights are, say nothing about them.

    Should it be one of the two only, that is the business of another check.
    """
    for state in seen.states:
        if not any(map(_varies, state.before)):
            raise Problem(
                f"{_when(state)}, the outputs are the same for all images",
                mistake="encoder.no_gradient",
                got="equal outputs",
                expected="different outputs",
            )
        if not state.pixels.any():
            raise Problem(f"{_when(state)}, no gradient reaches the image", mistake="encoder.no_gradient")


def same_everywhere(seen: Seen) -> None:
    """An image has the same outputs at each place of a batch."""
    for head, name in ((head, name) for state in seen.states for head, name in zip(state.before, HEADS)):
        if np.abs(head[0] - head[AGAIN]).max() > 1e-3 * spread(head):
            raise Problem(
                f"{name} of one image is {head[0, 0]:.3g} and {head[AGAIN, 0]:.3g} at two places of the same batch",
                mistake="encoder.not_alone",
                got=f"{head[0, 0]:.3g} and {head[AGAIN, 0]:.3g}",
                expected="the same numbers",
            )


def has_convolutions(seen: Seen) -> None:
    """A kernel that looks at several pixels and is used at several places."""
    kernels = [o for o in seen.operations if o["kernel"]]
    shared = [o for o in kernels if o["shared"]]
    if any(sum(n > 1 for n in o["in"][1:-1]) > 1 for o in shared):
        return
    if shared:
        words = "All convolutions in your encoder run along one direction only"
    elif not kernels:
        words = "There is no convolution in your encoder"
    elif all(o["kernel"] == [1, 1] for o in kernels):
        words = "All convolutions in your encoder look at one pixel at a time (1×1)"
    else:
        words = "The convolutions in your encoder have kernels as large as what they look at, as a dense layer has"
    raise Problem(words, mistake="encoder.no_convolution")


def convolutions_matter(seen: Seen) -> None:
    """Other kernels in the convolutions make other outputs."""
    for state in seen.states:
        shares = {name: change(a, b) for name, a, b in zip(HEADS, state.before, state.after) if _varies(a)}
        name = min(shares, key=lambda name: shares[name])
        if max(shares.values()) == 0:
            raise Problem(
                f"{_when(state)}, neither output depends on the convolutions",
                mistake="encoder.no_gradient",
                got="equal outputs with other kernels",
                expected="other outputs",
            )
        if shares[name] < INFLUENCE:
            raise Problem(
                f"{_when(state)}, other kernels in the convolutions change {name} "
                f"by {percent(shares[name])} of its spread over the images",
                mistake="encoder.past_convolutions",
                got=percent(shares[name]),
                expected="nearly all of it",
            )


def pooled_in_steps(seen: Seen) -> None:
    """No step reduces many positions to one."""
    pooled = _pooled(seen.operations)
    if pooled:
        raise Problem(
            f"{pooled[0]}×{pooled[1]} positions become one in a single step",
            mistake="encoder.pooled_too_early",
            got="1×1 in one step",
            expected="several steps",
        )


def downsamples(seen: Seen) -> None:
    """After a convolution there are maps with half the rows and columns."""
    if not seen.maps:
        raise Problem(
            "After the convolutions no map has half the rows and half the columns of the image",
            mistake="encoder.no_downsampling",
        )


def sees_all_pixels(seen: Seen) -> None:
    """Every pixel has an influence on the outputs."""
    for state in seen.states:
        unseen = state.pixels <= UNSEEN * state.pixels.max()
        lost = int(unseen.sum())
        if not lost or _left_over_by_pooling(seen.operations) and not unseen[:-EDGE, :-EDGE].any():
            continue
        told = f"{lost} of the {state.pixels.size} pixels have no influence on the outputs"
        more = {"got": f"{lost} pixels ignored", "expected": "none"}
        convolutions = [o for o in seen.operations if o["kernel"]]
        windows = [(c["padding"], *w) for c in convolutions for w in zip(c["in"][1:3], c["kernel"], c["strides"])]
        if any(s > k for _, _, k, s in windows):
            raise Problem(
                f"{told}: a stride is larger than its kernel.",
                **more,
                next_step="A kernel that moves on by more than its own size jumps over pixels. Work out which it reads.",
            )
        at_the_end = not unseen[:-EDGE, :-EDGE].any()
        if at_the_end and any(padding == "valid" and s > 1 and (n - k) % s for padding, n, k, s in windows):
            raise Problem(told, mistake="encoder.valid_strides", **more)
        raise Problem(told, mistake="encoder.ignored_pixels", **more)


def _left_over_by_pooling(operations: list[dict]) -> bool:
    """Does a pooling step without padding leave a last row or column over? Usual, and little is lost by it."""
    return any(
        o["type"] in ("MaxPool", "AvgPool")
        and o["padding"] == "valid"
        and any(n % s for n, s in zip(o["in"][1:3], o["strides"]) if s)
        for o in operations
    )


def pixels_pass_convolutions(seen: Seen) -> None:
    """What the outputs know about a pixel comes through convolutions and small maps."""
    for state in seen.states:
        past = int((state.through < THROUGH * state.pixels).sum())
        if past:
            raise Problem(
                f"{past} of the {state.pixels.size} pixels reach the outputs (nearly) without passing through convolutions that downsample",
                mistake="encoder.past_convolutions",
                got=f"{past} pixels",
                expected="none",
            )


def bends(seen: Seen) -> None:
    """The network is not a linear map."""
    for state in seen.states:
        distance = max(_distance_from_linear(head) for head in state.before)
        if distance < state.bent:
            raise Problem(
                "Whatever the images, the outputs for the average of two are the average of the outputs for both",
                mistake="encoder.linear",
                got=f"a difference of {percent(distance)}",
                expected="other outputs",
            )


def _distance_from_linear(head: np.ndarray) -> float:
    rest = head[2::3] - (head[0::3] + head[1::3]) / 2
    return float(np.sqrt(np.mean(np.square(rest)))) / max(spread(head), 1e-12)


def normalises(seen: Seen) -> None:
    """In training, averages move, and images have a part in each other's outputs."""
    changed = [c for c in item(seen.train, "changed", list) if type(c) in (int, float)]
    if any(c > 0 for c in changed) and seen.alone > COMPANY_OF_OUTPUTS:
        return
    if not seen.fixed:
        words = "No batch normalisation takes part in your encoder"
    elif any(c > 0 for c in changed):
        words = "In training the outputs for an image do not depend on the other images of the batch"
    else:
        words = "In training no running average of your encoder moves"
    raise Problem(words, mistake="encoder.no_normalisation")


def normalises_maps(seen: Seen) -> None:
    """A map after a convolution has, channel by channel, the same mean and spread whatever the batch."""
    rows = False
    for moments in item(seen.train, "moments", list):
        axes = moments.get("axes") if isinstance(moments, dict) else None
        alone = moments.get("alone") if isinstance(moments, dict) else None
        if not isinstance(axes, list) or not axes or not _number(alone) > COMPANY:
            continue
        if _is_fixed(axes[-1]):
            return
        rows = rows or any(map(_is_fixed, axes[:-1]))
    if rows:
        raise Problem(
            "In training the maps of your convolutions are normalised along rows or columns, not channel by channel",
            mistake="encoder.normalisation_axis",
        )
    raise Problem(
        "In training no map between your convolutions and the first dense layer is normalised over the batch",
        mistake="encoder.normalisation_place",
    )


def _is_fixed(axis: Any) -> bool:
    """Are mean and spread along this axis the same for two different batches?"""
    axis = axis if isinstance(axis, dict) else {}
    return _number(axis.get("mean")) < SAME_MEAN and _number(axis.get("spread")) < SAME_SPREAD


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) and math.isfinite(value) else math.nan


def _averages(operation: dict) -> bool:
    """Does it reduce whole maps to a number each?"""
    before, after = operation["in"], operation["out"]
    return (
        operation["type"] in ("Mean", "Max", "Sum", "Min", "Prod")
        and len(before) == 4
        and after in ([before[0], before[3]], [before[0], 1, 1, before[3]])
    )


def _pooled(operations: list[dict]) -> list[int] | None:
    """``[rows, columns]`` of the first maps of many positions that one step reduces to 1×1, or None.

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
        if len(before) == 4 and math.prod(before[1:3]) >= TOO_MANY and o["only"] | bool(kernel):
            whole = math.prod(kernel) >= math.prod(before[1:3])  # of no kernel, 1
            if _averages(o) or len(after) == 4 and after[1:3] == [1, 1] and not whole:
                return before[1:3]
    return None


#: In this order: the first that does not hold is what the student is told.
RULES = (
    has_convolutions,
    depends_on_images,
    same_everywhere,
    convolutions_matter,
    pooled_in_steps,
    downsamples,
    normalises,
    normalises_maps,
    sees_all_pixels,
    pixels_pass_convolutions,
    bends,
)
