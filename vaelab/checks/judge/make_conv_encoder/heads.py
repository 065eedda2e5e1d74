"""Check ``unbounded``: two separate heads, in order, that can take any value; one small function a property."""

import re
from typing import NamedTuple

import numpy as np

from vaelab.checks.judge.make_conv_encoder.request import COUNT, COURSE, HEADS, built, pair, plain, redraw, seed
from vaelab.checks.judge.problem import Problem

#: A gain so large that a bound on the outputs shows.
LARGE = 12.0
#: Draws of all kernels, half of them with small weights as handed in: a dimension may be of one sign by chance, in all
#: of 8 draws two are not.
DRAWS = 8
#: What follows from the other output by a linear formula, up to this share of its spread. Of separate heads, nine
#: tenths do not.
FOLLOWS = 0.1
#: The same for the dimensions of one output, which have features in common.
REPEATS = 1e-3
#: A mean that stays within these bounds is bounded; a log variance may be kept from extremes, where exponentials overflow.
FAR = (10, 4)
#: Largest log variance of an untrained encoder: beyond, the variance overflows within a few steps.
LARGE_START = 25
#: An exponential of large weights is inf.
HUGE = 1e30

Pair = list[np.ndarray]


class Seen(NamedTuple):
    """Both outputs in several states of the weights."""

    start: Pair  # as handed in
    training: Pair  # the same in training mode
    perturbed: Pair  # as handed in, lightly changed
    redrawn: list[Pair]
    trained: Pair  # in training mode, with the weights drawn last: large before a normalisation
    names: tuple[set[str], set[str]]  # what the student's code calls the outputs

    def heads(self) -> Pair:
        """Each output with all drawn weights, one after the other."""
        return [np.concatenate([pair[i] for pair in self.redrawn]) for i in range(2)]


def unbounded(rng, ask):
    """Two separate heads, in order, that can take any value."""
    seen = _look(rng, ask)
    for rule in RULES:
        rule(seen)


def _look(rng, ask) -> Seen:
    redraws = [redraw(rng, LARGE, keep_small=i % 2 == 0) for i in range(DRAWS)]
    train = {"do": "outputs", "training": True}
    steps = [{"do": "outputs"}, train, {"do": "perturb", "seed": seed(rng)}, *redraws, train]
    model, _, results, arrays = built(ask, COURSE, plain(rng, COURSE, COUNT), steps)
    pairs = [pair(result.get("output"), arrays, COURSE, COUNT, finite=False) for result in results]
    start, training, perturbed, *redrawn, trained = pairs
    if any(np.isnan(head).any() for both in redrawn for head in both):
        raise Problem(
            "With other weights the encoder returns nan.",
            got="nan",
            expected="numbers",
            next_step="Look for a logarithm of a negative number, or a division by zero.",
        )
    redrawn = [[np.clip(head, -HUGE, HUGE) for head in both] for both in redrawn]
    called = _called(model.get("names"), model.get("output_names"))
    return Seen(start, training, perturbed, redrawn, trained, called)


def _called(names, output_names) -> tuple[set[str], set[str]]:
    """The names that the student's code has for the first and for the second output."""
    first, second = set(), set()
    for both in names if isinstance(names, list) else []:
        if isinstance(both, list) and len(both) == 2 and all(isinstance(p, list) for p in both):
            first |= {str(n).lower() for n in both[0]}
            second |= {str(n).lower() for n in both[1]}
    if isinstance(output_names, list) and len(output_names) == 2:
        first.add(str(output_names[0]).lower())
        second.add(str(output_names[1]).lower())
    return first, second


def _is_mean(names: set[str]) -> bool:
    return any(re.search(r"mean|(^|_)mu(_|$)|(^|_)loc(_|$)|average", n) for n in names) and not _is_var(names)


def _is_var(names: set[str]) -> bool:
    return any(re.search(r"var|sigma|std|logv", n) for n in names)


def _determined(a: np.ndarray, b: np.ndarray, share: float = FOLLOWS) -> bool:
    """Does `b` follow from `a` by a linear formula, up to this share of its spread?"""
    x = np.column_stack([a, np.ones(len(a))])
    rest = b - x @ np.linalg.lstsq(x, b, rcond=None)[0]
    return bool((rest.std(0) < share * b.std(0)).all())


# --- properties -------------------------------------------------------------------------------


def two_heads(seen: Seen) -> None:
    """Neither output is computed from the other."""
    if all(np.allclose(a, b) for a, b in seen.redrawn):
        raise Problem(
            "z_mean and z_log_var are equal for every image",
            mistake="encoder.same_head",
            got="equal outputs",
            expected="two different outputs",
        )
    if all(_determined(a, b) or _determined(b, a) for a, b in seen.redrawn):
        raise Problem(
            "Whatever the weights, one of z_mean and z_log_var follows from the other by a linear formula",
            mistake="encoder.same_head",
            got="one output from the other",
            expected="two heads on the same features, of which there are more than latent dimensions",
        )


def vary(seen: Seen) -> None:
    """With some weights both outputs differ from image to image."""
    for i, name in enumerate(HEADS):
        if all(np.ptp(both[i], axis=0).max() < 1e-7 for both in [seen.start, *seen.redrawn]):
            raise Problem(f"{name} is the same for all images", mistake="encoder.no_gradient")


def vary_once_trained(seen: Seen) -> None:
    """Both outputs differ from image to image with the weights as handed in, too, once training touches them."""
    for head, name in zip(seen.perturbed, HEADS):
        if np.ptp(head, axis=0).max() <= 1e-6 * np.abs(head).max():
            raise Problem(
                f"With the weights that your function starts with, {name} is the same for all images, and training cannot change that",
                mistake="encoder.no_gradient",
                got="equal outputs",
                expected="different outputs",
            )


def dimensions_differ(seen: Seen) -> None:
    """The latent dimensions are not copies of each other."""
    for i, name in enumerate(HEADS):
        if all(_determined(both[i][:, :1], both[i][:, 1:], REPEATS) for both in seen.redrawn):
            raise Problem(
                f"The dimensions of {name} follow from each other",
                mistake="encoder.fixed_sizes",
                got="one number, repeated",
                expected="latent_dim numbers",
            )


def not_normalised(seen: Seen) -> None:
    """No head ends in a normalisation over the batch."""
    which = [
        name
        for name, *both in zip(HEADS, seen.training, seen.trained)
        if any(abs(a.mean(0)).max() < 2e-3 and abs(a.std(0) - 1).max() < 2e-2 for a in both)
    ]
    if which:
        raise Problem(
            f"In training, every dimension of {' and '.join(which)} is normalised over the batch",
            mistake="encoder.normalised_heads",
        )


def of_both_signs(seen: Seen) -> None:
    """Outputs can be negative."""
    heads = mean, log_var = seen.heads()
    positive = bool(mean.min() >= 0), bool(log_var.min() >= 0)
    if not any(positive):
        return
    mistake = {
        (True, True): "encoder.relu_heads",
        (False, True): "encoder.relu_log_var",
        (True, False): "encoder.relu_mean",
    }[positive]
    which = " and ".join(name for name, p in zip(HEADS, positive) if p)
    least = min(head.min() for head, p in zip(heads, positive) if p)
    raise Problem(
        f"Whatever the weights, {which} {'are' if all(positive) else 'is'} never below {least:.3g}",
        mistake=mistake,
        got="no negative value",
        expected="values of both signs",
    )


def without_bounds(seen: Seen) -> None:
    """Outputs can be large, on both sides."""
    for name, head, mistake, far in zip(HEADS, seen.heads(), ("encoder.tanh_mean", "encoder.bounded_log_var"), FAR):
        low, high = head.min(), head.max()
        if (low > -far) != (high < far):
            side = f"below {low + 0.0:.3g}" if low > -far else f"above {high + 0.0:.3g}"
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


def starts_well(seen: Seen) -> None:
    """Before training the outputs are numbers, and log variances of a few units."""
    if any(np.isnan(head).any() for head in seen.training):
        raise Problem(
            "In training mode the encoder returns nan.",
            got="nan",
            expected="numbers",
            next_step="Call it with training=True on a few images: after which layer is there a nan?",
        )
    largest = max(np.abs(seen.start[1]).max(), np.abs(seen.training[1]).max())
    if not largest < LARGE_START or not np.isfinite(seen.start[0]).all():
        raise Problem(
            f"Before any training, z_log_var reaches {largest:.3g}",
            mistake="encoder.large_start",
            got=f"{largest:.3g}",
            expected="a few units",
        )


def in_order(seen: Seen) -> None:
    """The mean comes first. Two linear heads are told apart by nothing but their names."""
    first, second = seen.names
    if _is_var(first) and not _is_mean(first) and _is_mean(second):
        name = min(n for n in first if _is_var({n}))[:40]
        raise Problem(
            f"The first output is called {name}",
            mistake="encoder.order",
            got=f"{name} first",
            expected="the mean first",
        )


#: In this order: the first that does not hold is what the student is told.
RULES = (
    two_heads,
    vary,
    dimensions_differ,
    not_normalised,
    of_both_signs,
    without_bounds,
    vary_once_trained,
    starts_well,
    in_order,
)
