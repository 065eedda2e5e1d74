"""Checks of ``log_likelihood(log_w)``: ``(n_samples, batch)`` to ``(batch,)``, in nats, stable."""

import itertools

import numpy as np

from vaelab.checks.judge import calling, importance
from vaelab.checks.judge.problem import Problem

_NAME = "log_likelihood"


def _rounded(log_w):
    return (np.asarray(log_w, "float32").astype("float64"),)


def _ordinary(rng, count, batch):
    """Log weights small enough for every formula, stable or not, and on no grid."""
    return _rounded(rng.normal(0, 1.6, (count, batch)) + rng.uniform(-5, 4, batch))


def _three(rng):
    counts, batches = rng.permutation([2, 3, 5, 7, 12])[:3], rng.choice(np.arange(64, 131), 3, replace=False)
    return [_ordinary(rng, int(count), int(batch)) for count, batch in zip(counts, batches, strict=True)]


def _right(got, case):
    return calling.close(got, importance.log_likelihood(*case), atol=3e-4, rtol=3e-6)


# --- wrong ways -------------------------------------------------------------------------

_AXES = {0: (None, 0), 1: ("ll.wrong_axis", 1), 2: ("ll.no_axis", None)}


def _aggregates(w, axis):
    """``(id, value, whether a sum is to be divided)`` along an axis; None: over everything."""
    with np.errstate(all="ignore"):
        total = np.log(np.exp(w).sum(axis))
        yield None, total, True
        yield "ll.mean_of_logs", w.mean(axis), False
        yield "ll.maximum", w.max(axis), False
        yield "ll.maximum", w[0] if axis == 0 else w[:, 0] if axis == 1 else w[0, 0], False
        yield "ll.maximum", w[-1] if axis == 0 else w[:, -1] if axis == 1 else w[-1, -1], False
        yield "ll.maximum", w.min(axis), False
        share = np.exp(w - total if axis in (0, None) else w - total[:, None])
        yield "ll.weighted_logs", (share * w).sum(axis), False
        yield "ll.other_average", w.sum(axis), False
        yield "ll.other_average", np.median(w, axis), False
        yield "ll.not_logged", np.exp(w).mean(axis), False
        yield "ll.not_logged+ll.sum_of_weights", np.exp(w).sum(axis), False
        yield "ll.shift", total - w.max(axis), True
        yield "ll.shift", total + w.max(axis), True
        yield "ll.shift", total - w.mean(axis), True


def _counts(total, w, axis):
    """``(id, value)``: ways to divide the sum of the weights by their number."""
    count, other = (len(w), w.shape[1]) if axis == 0 else (w.shape[1], len(w)) if axis == 1 else (w.size, len(w))
    yield None, total - np.log(count)
    yield "ll.sum_of_weights", total
    yield "ll.count", total + np.log(count)
    yield "ll.count", total - np.log(other)
    yield "ll.count", total - np.log(w.size)
    yield "ll.count", total - np.log(max(count - 1, 0.5))
    yield "ll.count", total - count
    yield "ll.count", total - np.log10(count)
    yield "ll.count", total - np.log2(count)
    yield "ll.count_after_log", total / count
    yield "ll.count_after_log", (total - np.log(count)) / count


def _afterwards(value, w):
    """``(id, value)``: what is done with the result."""
    yield None, value
    yield "ll.negative", -value
    yield "ll.base", value / np.log(2)
    yield "ll.base", value / np.log(10)
    yield "ll.base", value * np.log(2)
    if np.ndim(value) == 1:
        yield "ll.keepdims", value[None]
        yield "ll.keepdims", value[:, None]
        yield "ll.no_axis", value.mean()
        yield "ll.no_axis", value.sum()
        yield "ll.no_axis", np.full_like(value, value.mean())
    if np.ndim(value) == 1 and len(value) == w.shape[1]:
        yield "ll.unreduced", np.broadcast_to(value, w.shape)
    if np.ndim(value) == 0:
        yield "ll.no_axis", np.full(w.shape[1], value)


def _candidates(w):
    """``(ids, value)`` of each way, the right one first."""
    for axis_id, axis in _AXES.values():
        for name, total, divide in _aggregates(w, axis):
            divided = _counts(total, w, axis) if divide else [(None, total)]
            for count_id, value in divided:
                for after_id, result in _afterwards(value, w):
                    ids = [i for part in (axis_id, name, count_id, after_id) if part for i in part.split("+")]
                    yield list(dict.fromkeys(ids)), result
    lme = importance.log_likelihood(w)
    for ids, value in (
        (["ll.unreduced"], w - np.log(len(w))),
        (["ll.unreduced"], w),
        (["ll.unreduced"], w - lme),
        (["ll.unreduced"], w - lme - np.log(len(w))),
        (["ll.unreduced"], np.log(np.cumsum(np.exp(w), 0))),
        (["ll.base"], np.log2(np.mean(np.exp2(w), 0))),
        (["ll.base"], np.log10(np.mean(10.0**w, 0))),
        (["ll.base"], np.log(np.mean(np.exp2(w), 0))),
        (["ll.base"], np.log2(np.exp(w).mean(0))),
        (["ll.base"], w.max(0) + np.log2(np.exp(w - w.max(0)).mean(0))),
        (["ll.base"], w.max(0) + np.log10(np.exp(w - w.max(0)).mean(0))),
        (["ll.base"], w.max(0) + np.log(np.exp2(w - w.max(0)).mean(0))),
        (["ll.other_average"], 0.5 * (lme + w.mean(0))),
        (["ll.other_average"], w.mean(0) + 0.5 * w.var(0)),
    ):
        yield ids, value


def recognised(cases):
    """Ids that explain ``[(case, got), ...]``, the fewest that do; or []."""
    lists = [list(_candidates(*case)) for case, _ in cases]
    fits = [
        alternatives[0][0]
        for alternatives in zip(*lists, strict=True)
        if all(
            calling.close(got, v, atol=2e-3, rtol=2e-5) for (_, got), (_, v) in zip(cases, alternatives, strict=True)
        )
    ]
    if [] in fits:
        return []
    if fits:
        return min(fits, key=len)[:2]
    few = all(calling.few_digits(got, importance.log_likelihood(*case), 10) for case, got in cases)
    return ["ll.precision"] if few else []


def _named(ask, cases, gots):
    ids = recognised(list(zip(cases, gots, strict=True)))
    return ids or (["ll.random"] if calling.different(ask, _NAME, cases, gots) else [])


# --- checks -----------------------------------------------------------------------------


def _shape_problem(ask, cases, gots):
    """A Problem if a result has not one number for each image."""
    for (w,), got in zip(cases, gots, strict=True):
        if got.shape != (w.shape[1],):
            ids = _named(ask, cases, gots)
            raise Problem(
                f"For {w.shape[0]} samples of {w.shape[1]} images, log_likelihood returned shape {got.shape} where "
                f"({w.shape[1]},) was expected" + ("" if ids else "."),
                **calling.ids_of(ids),
                got=f"shape {got.shape}",
                expected=f"shape ({w.shape[1]},)",
                next_step=None if ids else "There should be one number for each image.",
            )


def shape(rng, ask):
    """One number for each image, at several sizes."""
    cases = [*_three(rng), _ordinary(rng, 1, 4), _ordinary(rng, 6, 1)]
    gots = calling.outputs(ask, _NAME, cases)
    _shape_problem(ask, cases[:3], gots[:3])
    _shape_problem(ask, cases, gots)


def values(rng, ask):
    """The value for each image."""
    cases = _three(rng)
    gots = calling.outputs(ask, _NAME, cases)
    _shape_problem(ask, cases, gots)
    for case, got in zip(cases, gots, strict=True):
        if not _right(got, case):
            expected, ids = importance.log_likelihood(*case), _named(ask, cases, gots)
            i = int(np.argmax(abs(got - expected)))
            raise Problem(
                f"log_likelihood returned {calling.digits(got[i])} for an image where {calling.digits(expected[i])} was "
                "expected" + ("" if ids else ". The mistake was not recognised."),
                **calling.ids_of(ids),
                got=calling.digits(got[i]),
                expected=f"{calling.digits(expected[i])} nats",
                next_step=None if ids else "Try two samples with weights 1 and 3: what is the logarithm of their mean?",
            )


def _far(rng):
    """Log weights that overflow or underflow in a formula that is not stable, each with words for a message."""
    count, batch = int(rng.integers(3, 11)), int(rng.integers(64, 131))
    noise = rng.normal(0, 2, (count, batch))
    one = np.where(np.arange(count)[:, None] == rng.integers(0, count, batch), 1.0, 0.0)
    between = rng.uniform(-1e4, 1e4, (1, batch))
    return {
        "around -10,000": noise - 1e4,
        "of real images, around -260": noise - 260 + rng.uniform(-90, 90, batch),
        "around 10,000": noise + 1e4,
        "that differ from image to image by thousands": noise + between,
        "that are all equal": np.broadcast_to(between, (count, batch)),
        "of which one in each image is far above the rest": noise - 900 + 1800 * one,
        "of which one in each image is far below the rest": noise - 2000 * one,
        "for a single sample": noise[:1] - 500,
        "around 1e30": 1e30 * rng.uniform(-1, 1, (count, batch)),
    }


def stable(rng, ask):
    """Finite and right for any finite weights."""
    plan = {words: _rounded(w) for words, w in _far(rng).items()}
    try:
        gots = calling.outputs(ask, _NAME, list(plan.values()), [f"for log weights {words}" for words in plan])
    except Problem as problem:
        if problem.got in ("nan", "inf"):
            problem.mistake, problem.also = _diagnosed(rng, ask, "ll.unstable")
        raise
    for (words, case), got in zip(plan.items(), gots, strict=True):
        expected = importance.log_likelihood(*case)
        if got.shape == expected.shape and _right(got, case):
            continue
        i = int(np.argmax(abs(got - expected))) if got.shape == expected.shape else None
        shown = (
            {"got": f"shape {got.shape}", "expected": f"shape {expected.shape}"}
            if i is None
            else {"got": calling.digits(got[i]), "expected": f"{calling.digits(expected[i])} nats"}
        )
        first, second = _diagnosed(rng, ask, None if i is None else _far_mistake(case, got))
        raise Problem(
            f"For log weights {words}, log_likelihood returned {shown['got']} where {shown['expected']} was expected"
            + ("" if first else "."),
            mistake=first,
            also=second,
            **shown,
            next_step=None if first else "See what happens to each step of your function for such numbers.",
        )


def _far_mistake(case, got):
    """The mistake that only shows far from zero: a limit, or too few digits."""
    expected = importance.log_likelihood(*case)
    if calling.close(got, expected, rtol=8e-3, atol=0.02):
        return "ll.precision"
    wrong = abs(got - expected) > 0.01 + 1e-3 * abs(expected)
    stuck = np.unique(np.round(got[wrong], 2))
    return "ll.clipped" if len(stuck) <= max(3, 0.1 * wrong.sum()) or _limited(case, got) else None


def _limited(case, got):
    """Whether the numbers are those of weights cut at some value that they share."""
    (w,) = case
    limits = itertools.chain((-700, -100, -88, -80, -50, -30, -20, -10), (10, 20, 30, 50, 80, 88, 100, 700))
    return any(
        calling.close(got, importance.log_likelihood(np.clip(w, limit, None) if limit < 0 else np.clip(w, None, limit)))
        for limit in limits
    )


def _diagnosed(rng, ask, otherwise):
    """Two ids: the mistakes that show at ordinary inputs already, or `otherwise`."""
    cases = _three(rng)
    gots = calling.outputs(ask, _NAME, cases)
    if all(_right(got, case) for case, got in zip(cases, gots, strict=True)):
        return otherwise, None
    return ([*_named(ask, cases, gots), None, None])[:2]


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (shape, values, stable)}
