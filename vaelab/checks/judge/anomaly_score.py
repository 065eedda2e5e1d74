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
from vaelab.checks.judge.reply import item, tensor

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
    """Have normal and strange images scored in one call, in random order: all scores, and an AUROC for each kind."""
    order = rng.permutation(len(strange.images()))
    groups = [strange.ordinary(rng, order[:_NORMAL])]
    for i, kind in enumerate(kinds):
        start = _NORMAL + _STRANGE * i
        groups.append(kind.make(strange.ordinary(rng, order[start : start + _STRANGE]), rng))
    x = np.concatenate(groups).reshape(-1, 784).astype("float32")
    places = rng.permutation(len(x))
    body, arrays = ask(
        {"op": "score", "cases": [{"args": ["x"]}]},
        {"x": x[places], **strange.weights()},
    )
    (result,) = item(body, "results", list) or [None]
    if isinstance(result, dict) and "error" in result:
        raise raised(result["error"], _NAME)
    told = result.get("output") if isinstance(result, dict) else None
    if isinstance(told, dict) and told.get("kind") == "large" and told.get("shape") == list(x.shape):
        _shaped(x.shape, len(x))
    got = tensor(told, arrays, _NAME)
    _shaped(got.shape, len(x))
    scores = np.empty(len(x))
    scores[places] = got
    parts = np.split(scores, np.cumsum([len(g) for g in groups])[:-1])
    return scores, [metrics.auroc(parts[0], part) for part in parts[1:]]


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


def _ink(aurocs, kinds):
    """Whether black images and darkened ones both come out as less strange than test images."""
    return all(value < 0.45 for value, kind in zip(aurocs, kinds) if kind in (_BLACK, _DARK))


def _sorted(aurocs, kinds):
    """Raise for the first kind of strange images that the score does not sort well enough."""
    for value, kind in zip(aurocs, kinds):
        if value < kind.bound:
            dim = kind in (_BLACK, _DARK)
            raise Problem(
                f"The AUROC of {kind.words} against test images is {value:.2f}, and at least {kind.bound:.2f} is asked for",
                mistake=("anomaly.ink" if _ink(aurocs, kinds) else "anomaly.dark") if dim else "anomaly.misses",
                got=f"AUROC {value:.2f}",
                expected=f"at least {kind.bound:.2f}",
            )


def _check(rng, ask, kinds):
    scores, aurocs = _score(rng, ask, kinds)
    _general(scores, aurocs)
    _sorted(aurocs, kinds)


def obvious(rng: np.random.Generator, ask: Asker) -> None:
    """One score for each image, higher for inverted images and shuffled pixels."""
    _check(rng, ask, (_SHUFFLED, _INVERTED))


def ink(rng: np.random.Generator, ask: Asker) -> None:
    """Black and darkened images score higher than test images."""
    _check(rng, ask, (_BLACK, _DARK, _SHUFFLED))


def unseen(rng: np.random.Generator, ask: Asker) -> None:
    """Strange images of kinds that the notebook does not show."""
    _check(rng, ask, _UNSEEN)


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (obvious, ink, unseen)}
