"""Checks of ``anomaly_score(x, encoder, decoder)``: larger for stranger images.

The encoder and the decoder are the course's reference MLP VAE. A score is judged by how well it sorts: the area
under the ROC curve (AUROC), the probability that a strange image gets a higher score than a test image. Bounds
lie far below what several ways to score reach, and far above a score of chance, whose AUROC varies by 0.03.
"""

from typing import NamedTuple

import numpy as np

from vaelab import metrics
from vaelab.checks.judge import strange
from vaelab.checks.judge.problem import Asker, Problem
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import item, tensor, unchanged

_NAME = "anomaly_score"
_NORMAL, _STRANGE = 400, 200


class Kind(NamedTuple):
    """A kind of strange image, what to call them, and the AUROC that is asked for."""

    make: object
    words: str
    bound: float


_INVERTED = Kind(strange.inverted, "inverted images", 0.7)
_SHUFFLED = Kind(strange.shuffled, "images with shuffled pixels", 0.9)
_DARK = Kind(strange.dark, "darkened images", 0.58)
_BLACK = Kind(strange.black, "black images", 0.85)
_UNSEEN = (
    Kind(strange.upside_down, "images that are upside down", 0.55),
    Kind(strange.sideways, "images that lie on their side", 0.55),
    Kind(strange.halves, "images put together from two halves", 0.6),
    Kind(strange.drawn_digits, "digits", 0.6),
    _BLACK,
    _DARK,
)


def _score(rng, ask, kinds):
    """Have normal and strange images scored: the reply, all scores, an AUROC for each kind, and one for each kind by itself.

    First all images in one call, in random order. Then each group in a call of its own, as the notebook does it: the
    score of an image that leans on the images beside it says nothing there.
    """
    order = rng.permutation(len(strange.images()))
    groups = [strange.ordinary(rng, order[:_NORMAL])]
    for i, kind in enumerate(kinds):
        start = _NORMAL + _STRANGE * i
        groups.append(kind.make(strange.ordinary(rng, order[start : start + _STRANGE]), rng))
    x = np.concatenate(groups).reshape(-1, 784).astype("float32")
    places = rng.permutation(len(x))
    ends = np.cumsum([len(group) for group in groups])[:-1]
    apart = np.split(x, ends)
    asked = {"x": x[places]} | {f"x{i}": group for i, group in enumerate(apart)}
    body, arrays = ask({"op": "score", "cases": [{"args": [name]} for name in asked]}, {**asked, **strange.weights()})
    results = item(body, "results", list)
    if len(results) != len(asked):
        raise Problem("What came back is not in the form that was asked for.")
    got, *alone = (_scores(one, arrays, len(images)) for one, images in zip(results, asked.values()))
    scores = np.empty(len(x))
    scores[places] = got
    parts = np.split(scores, ends)
    return results[0], scores, *([metrics.auroc(each[0], part) for part in each[1:]] for each in (parts, alone))


def _scores(result, arrays, count):
    """The scores of one call, ``(count,)``."""
    if isinstance(result, dict) and "error" in result:
        raise raised(result["error"], _NAME)
    told = result.get("output") if isinstance(result, dict) else None
    if isinstance(told, dict) and told.get("kind") == "large" and told.get("shape") == [count, 784]:
        _shaped((count, 784), count)
    got = tensor(told, arrays, _NAME)
    _shaped(got.shape, count)
    return got


def _shaped(shape, count):
    if shape == (count,):
        return
    name = {(): "anomaly.one_number", (count, 784): "anomaly.per_pixel", (784,): "anomaly.over_images"}.get(shape)
    raise Problem(
        f"For {count} images, anomaly_score returned shape {shape}" + ("" if name else f"; {(count,)} was expected."),
        mistake=name,
        got=f"shape {shape}",
        expected=f"shape {(count,)}",
        next_step=None if name else "One number for each image, and no other axis.",
    )


def _general(scores, aurocs):
    """Raise if the scores say nothing about any image, or are upside down."""
    if np.ptp(scores) == 0:
        raise Problem(
            "anomaly_score gives every image the same score", mistake="anomaly.constant", got="one score for all"
        )
    if max(aurocs) < 0.3:
        raise Problem(
            f"Strange images get lower scores than test images do: AUROC {_listed(aurocs)}",
            mistake="anomaly.sign",
            got=f"AUROC {_listed(aurocs)}",
            expected="above 0.5",
        )
    if max(abs(value - 0.5) for value in aurocs) < 0.12:
        raise Problem(
            f"anomaly_score does not tell strange images from test images: AUROC {_listed(aurocs)}",
            mistake="anomaly.chance",
            got=f"AUROC {_listed(aurocs)}",
            expected="well above 0.5",
        )


def _listed(values):
    return ", ".join(f"{value:.2f}" for value in values)


def _below(value, kind):
    """An AUROC below the bound, with as many digits as it takes to see that."""
    return next((f"{value:.{digits}f}" for digits in (2, 3) if round(value, digits) < kind.bound), f"{value:.5f}")


def _ink(aurocs, kinds):
    """Whether black images and darkened ones both come out as less strange than test images."""
    return all(value < 0.45 for value, kind in zip(aurocs, kinds) if kind in (_BLACK, _DARK))


def _sorted(aurocs, kinds):
    """Raise for the first kind of strange images that the score does not sort well enough."""
    for value, kind in zip(aurocs, kinds):
        if value < kind.bound:
            dim = kind in (_BLACK, _DARK)
            raise Problem(
                f"The AUROC of {kind.words} against test images is {_below(value, kind)}, and at least {kind.bound:.2f} is asked for",
                mistake=("anomaly.ink" if _ink(aurocs, kinds) else "anomaly.dark") if dim else "anomaly.misses",
                got=f"AUROC {_below(value, kind)}",
                expected=f"at least {kind.bound:.2f}",
            )


def _by_itself(together, alone, kinds):
    """Raise for the first kind that is sorted well beside test images, and not in a call of its own."""
    for beside, value, kind in zip(together, alone, kinds):
        if value < kind.bound:
            raise Problem(
                f"Scored in one call with test images, {kind.words} have an AUROC of {beside:.2f}; scored in a call of their own, "
                f"of {_below(value, kind)}, and at least {kind.bound:.2f} is asked for",
                mistake="anomaly.beside" if beside - value > 0.03 else "anomaly.misses",  # less may be chance
                got=f"AUROC {_below(value, kind)}",
                expected=f"at least {kind.bound:.2f}",
            )


def _check(rng, ask, kinds):
    result, scores, aurocs, alone = _score(rng, ask, kinds)
    _general(scores, aurocs)
    _sorted(aurocs, kinds)
    _by_itself(aurocs, alone, kinds)
    return result


def obvious(rng: np.random.Generator, ask: Asker) -> None:
    """One score for each image, higher for inverted images and shuffled pixels; the images stay what they are."""
    unchanged(_check(rng, ask, (_SHUFFLED, _INVERTED)), _NAME, ["x"])


def ink(rng: np.random.Generator, ask: Asker) -> None:
    """Black and darkened images score higher than test images."""
    _check(rng, ask, (_BLACK, _DARK, _SHUFFLED))


def unseen(rng: np.random.Generator, ask: Asker) -> None:
    """Strange images of kinds that the notebook does not show."""
    _check(rng, ask, _UNSEEN)


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (obvious, ink, unseen)}
