"""Checks of ``kl_term(z_mean, z_log_var)``: ``(batch,)``, in nats."""

import numpy as np

from vaelab.checks.judge import draw, oracles, recognise
from vaelab.checks.judge.reply import Problem, item, raised, tensor

_NAME = "kl_term"
#: Images in a batch as large as in training: at least and at most.
_LARGE = 64, 130


def _ask(ask, cases, **options):
    """Call the target on ``[(z_mean, z_log_var), ...]``; the raw result of each case."""
    arrays, listed = {}, []
    for i, (m, v) in enumerate(cases):
        arrays[f"m{i}"], arrays[f"v{i}"] = np.asarray(m, "float64"), np.asarray(v, "float64")
        listed.append({"args": [f"m{i}", f"v{i}"], **options})
    body, arrays = ask({"op": "call", "cases": listed}, arrays)
    results = item(body, "results", list)
    if len(results) != len(cases):
        raise Problem("What came back is not in the form that was asked for.")
    return results, arrays


def _output(result, arrays, when=""):
    result = result if isinstance(result, dict) else {}
    if "error" in result:
        raise raised(result["error"], _NAME, when)
    return tensor(result.get("output"), arrays, _NAME)


def _values(ask, cases):
    """The target's value for each case, whatever its shape."""
    results, arrays = _ask(ask, cases)
    return [_output(result, arrays) for result in results]


def _three(rng):
    """Three cases of one size: enough numbers to recognise a formula by a scalar."""
    batch, size = draw.sizes(rng)
    return [draw.gaussians(rng, batch, size) for _ in range(3)]


def _right(got, m, v, rtol=1e-4):
    expected = oracles.kl(m, v)
    return got.shape == expected.shape and bool(np.all(abs(got - expected) <= rtol * oracles.kl_size(m, v)))


def _digits(value):
    return f"{value + 0.0:.4g}"  # no "-0"


def _shape_problem(ask, cases, gots):
    """A Problem if a result has not one number for each image."""
    for (m, v), got in zip(cases, gots):
        if got.shape != (len(m),):
            ids = recognise.kl_values([(m, v, g) for (m, v), g in zip(cases, gots)]) + [None, None]
            raise Problem(
                f"for a batch of {len(m)} images and {m.shape[1]} latent dimensions, kl_term returned shape "
                f"{got.shape} where ({len(m)},) was expected".replace("for a", "For a", 1)
                + ("" if ids[0] else "."),
                mistake=ids[0],
                also=ids[1],
                got=f"shape {got.shape}",
                expected=f"shape ({len(m)},)",
                next_step=None if ids[0] else "There should be one number for each image.",
            )


def _value_problem(ask, cases, gots):
    """A Problem if the values are not right: recognised, or described by what fails."""
    wrong = [(m, v, got) for (m, v), got in zip(cases, gots) if not _right(got, m, v)]
    if not wrong:
        return
    m, v, got = wrong[0]
    expected = oracles.kl(m, v)
    i = int(np.argmax(abs(got - expected) / oracles.kl_size(m, v)))
    sentence = f"kl_term returned {_digits(got[i])} for an image where {_digits(expected[i])} was expected"
    ratios = np.concatenate([g / oracles.kl(a, b) for a, b, g in wrong])
    if np.ptp(ratios) < 1e-3 * abs(ratios[0]):
        sentence += f", and every image is off by the same factor {_digits(ratios[0])}"
    shown = dict(got=_digits(got[i]), expected=f"{_digits(expected[i])} nats")
    ids = _named(ask, cases, gots)
    if ids:
        ids += [None]
        raise Problem(sentence, mistake=ids[0], also=ids[1], **shown)
    failing = _failing(ask, m, v)
    said = (
        " The mistake was not recognised; what can be said is that the result is " + "; it is ".join(failing) + "."
        if failing
        else " The mistake was not recognised."
    )
    raise Problem(
        sentence + "." + said,
        **shown,
        next_step="Compare with a value worked out by hand for one image and one latent dimension.",
    )


def _named(ask, cases, gots):
    """Ids of the mistakes that explain the values of ordinary cases; none if nothing fits."""
    ids = recognise.kl_values([(m, v, got) for (m, v), got in zip(cases, gots)])
    if ids == ["kl.floor"]:
        size = cases[0][0].shape[1]
        (prior,) = _values(ask, [(np.zeros((2, size)), np.zeros((2, size)))])
        ids = ids if np.allclose(prior, min(got.min() for got in gots), rtol=1e-3) else []
    if ids == ["kl.factor"] and _shrinks(ask, cases[0], gots[0]):
        ids = ["kl.mean_over_dims", "kl.factor"]
    if not ids:
        again = _values(ask, cases)
        if any(a.shape != b.shape or not np.allclose(a, b) for a, b in zip(again, gots)):
            ids = ["kl.random"]
    return ids


def _shrinks(ask, case, got):
    """Is the factor by which every value is wrong inversely proportional to the number of latent dimensions?"""
    m, v = (np.hstack([part, part]) for part in case)
    (double,) = _values(ask, [(m, v)])
    return double.shape == got.shape and bool(np.allclose(double, got, rtol=1e-3))


def _failing(ask, m, v):
    """In words, where the target is right, and the properties of a KL divergence that it lacks."""
    zero = np.zeros((2, m.shape[1]))
    swap = np.arange(m.shape[1])[::-1]
    parts = {
        "right where z_log_var is zero": (m, 0 * v),
        "right where z_mean is zero": (0 * m, v),
        "right for a single latent dimension": (m.reshape(-1, 1), v.reshape(-1, 1)),
    }
    base, prior, mirrored, alone, turned, *others = _values(
        ask, [(m, v), (zero, zero), (-m, v), (m[:1], v[:1]), (m[:, swap], v[:, swap]), *parts.values()]
    )
    failing = [words for (words, case), got in zip(parts.items(), others) if _right(got, *case)]
    if abs(prior).max() > 1e-4:
        failing.append("not zero at the prior")
    if base.min() < 0:
        failing.append("negative for some images")
    if mirrored.shape != base.shape or not np.allclose(mirrored, base, rtol=1e-3, atol=1e-4):
        failing.append("not symmetric in z_mean")
    if turned.shape != base.shape or not np.allclose(turned, base, rtol=1e-3, atol=1e-4):
        failing.append("changed by the order of the latent dimensions")
    if alone.shape != (1,) or not np.allclose(alone, base[:1], rtol=1e-3, atol=1e-4):
        failing.append("not the same for an image alone as in a batch")
    return failing


def shape(rng, ask):
    """One number for each image, at several sizes, through which a gradient can flow."""
    cases = _three(rng) + [draw.gaussians(rng, 1, 2), draw.gaussians(rng, 4, 1)]
    results, arrays = _ask(ask, cases, gradient=True)
    gots = [_output(result, arrays) for result in results]
    _shape_problem(ask, cases[:3], gots[:3])
    _shape_problem(ask, cases, gots)
    if all(_right(got, *case) for got, case in zip(gots, cases)):  # else one argument may be left out by mistake
        _connected(results[:3], cases[:3], gots[:3])


def prior(rng, ask):
    """Zero where q(z|x) is the prior, positive elsewhere, in the same batch."""
    cases = _three(rng)
    # Where one argument is far from 0 and the other is not, wrong formulas are negative whatever is drawn; elsewhere, by luck.
    far = {0: (0, -1), 1: (0, 1), 3: (-1, 0), 4: (1, 0)}
    for m, v in cases:
        m[2], v[2] = 0, 0
        for row, (a, b) in far.items():
            distance = draw.grid(rng.uniform(1.1, 1.9, m.shape[1]))
            m[row], v[row] = a * distance, b * distance
    try:
        gots = _values(ask, cases)
    except Problem as problem:
        if problem.got in ("nan", "inf"):  # a logarithm of zero, say: ordinary inputs may tell more
            problem.mistake = _diagnosed(rng, ask, None)["mistake"]
        raise
    _shape_problem(ask, cases, gots)
    for (m, v), got in zip(cases, gots):
        others = got[[*far]]
        if abs(got[2]) > 1e-4 or others.min() <= 1e-4:
            # Values that are merely off are the business of another check.
            if abs(got[2]) > 1e-4:
                sentence = (
                    f"For an image whose z_mean and z_log_var are all zero, q(z|x) is the prior and the "
                    f"divergence is zero; kl_term returned {_digits(got[2])}"
                )
                shown = dict(got=_digits(got[2]), expected="0")
            else:
                sentence = f"Away from the prior the divergence is positive; kl_term returned {_digits(others.min())}"
                shown = dict(got=_digits(others.min()), expected="a positive number")
            full = _three(rng)
            named = _named(ask, full, _values(ask, full))
            ids = (named or recognise.floor([(*case, g) for case, g in zip(cases, gots)])) + [None, None]
            raise Problem(
                sentence + ("" if ids[0] else "."),
                mistake=ids[0],
                also=ids[1],
                **shown,
                next_step=None if ids[0] else "Put zeros into your formula by hand.",
            )


def values(rng, ask):
    """The value for each image."""
    cases = _three(rng)
    gots = _values(ask, cases)
    _shape_problem(ask, cases, gots)
    _value_problem(ask, cases, gots)
    _large(rng, ask)


def _large(rng, ask):
    """A Problem unless the values are right for a large batch of numbers with many digits."""
    batch, size = int(rng.integers(*_LARGE)), int(rng.integers(3, 9))
    m, v = (rng.uniform(-2.4, 2.4, (batch, size)).astype("float32").astype("float64") for _ in range(2))
    (got,) = _values(ask, [(m, v)])
    _shape_problem(ask, [(m, v)], [got])
    if not _right(got, m, v):
        expected = oracles.kl(m, v)
        i = int(np.argmax(abs(got - expected) / oracles.kl_size(m, v)))
        raise Problem(
            f"In a batch of {batch} images, kl_term returned {_digits(got[i])} for an image where "
            f"{_digits(expected[i])} was expected. In small batches, for numbers with few digits, it is right.",
            got=_digits(got[i]),
            expected=f"{_digits(expected[i])} nats",
            next_step="Look for a number of images, a limit or a rounding in your function.",
        )


def _connected(results, cases, gots):
    """For each result, what it says of both gradients; a Problem where there is none."""
    found = []
    for result in results:
        told = item(result, "gradients", list)
        if len(told) != 2 or not all(isinstance(t, dict) for t in told):
            raise Problem("What came back is not in the form that was asked for.")
        lost = " and ".join(n for n, t in zip(("z_mean", "z_log_var"), told) if t.get("kind") == "none")
        if lost:
            right = all(_right(g, *case) for g, case in zip(gots, cases))
            ids = [] if right else recognise.kl_values([(*case, g) for case, g in zip(cases, gots)])
            ids = (ids or ["kl.no_gradient"] * right) + [None, None]
            raise Problem(
                f"No gradient with respect to {lost} comes back" + ("" if ids[0] else "."),
                mistake=ids[0],
                also=ids[1],
                got="no gradient",
                expected="a gradient",
                next_step=None if ids[0] else "Stay with tensor operations from the arguments to the result.",
            )
        found.append(told)
    return found


def gradients(rng, ask):
    """The gradient with respect to both arguments, where the values are right or not."""
    cases = _three(rng)
    results, arrays = _ask(ask, cases, gradient=True)
    gots = [_output(result, arrays) for result in results]
    found = []
    for told, (m, v) in zip(_connected(results, cases, gots), cases):
        pair = [tensor(t, arrays, "The gradient of kl_term") for t in told]
        if any(g.shape != m.shape for g in pair):
            raise Problem("The gradient has not the shape of the arguments.")
        found.append((m, v, pair))
    for m, v, pair in found:
        for name, got, expected in zip(("z_mean", "z_log_var"), pair, oracles.kl_gradients(m, v)):
            off = abs(got - expected)
            if np.any(off > 1e-3 * (abs(expected) + 0.1)):
                i = np.unravel_index(np.argmax(off), off.shape)
                right = all(_right(g, *case) for g, case in zip(gots, cases))
                # A gradient alone says too little: constants and reductions leave no trace in it.
                if right:
                    ids = [] if got.any() else ["kl.no_gradient"]
                else:
                    ids = recognise.kl_values([(*case, g) for case, g in zip(cases, gots)])
                ids += [None, None]
                raise Problem(
                    f"The gradient with respect to {name} is {_digits(got[i])} where {_digits(expected[i])} was expected"
                    + ("" if ids[0] else "."),
                    mistake=ids[0],
                    also=ids[1],
                    got=_digits(got[i]),
                    expected=_digits(expected[i]),
                    next_step=None
                    if ids[0]
                    else "The values are right, so a part of the formula is cut off from the gradient: what stops it?"
                    if right
                    else "The gradient follows from the formula; first make the values right.",
                )


def properties(rng, ask):
    """Additive over dimensions, symmetric, and each image for itself."""
    batch, size = draw.sizes(rng)
    (m, v), (n, w) = draw.gaussians(rng, batch, size), draw.gaussians(rng, batch, size + 1)
    turn, order = rng.permutation(size), np.roll(np.arange(batch), 1)
    asked = [
        (m, v),
        (n, w),
        (np.hstack([m, n]), np.hstack([v, w])),
        (-m, v),
        (m[:, turn], v[:, turn]),
        (m[:1], v[:1]),
        (m[order], v[order]),
    ]
    gots = _values(ask, asked)
    base, second, both, mirrored, turned, alone, moved = gots

    def same(a, b):
        return a.shape == b.shape and np.allclose(a, b, rtol=1e-3, atol=1e-4)

    failing = []
    if base.shape != (batch,) or not same(alone, base[:1]) or not same(moved, base[order]):
        failing.append("an image has another value alone, or elsewhere in the batch, than in its first place")
    if base.shape != second.shape or not same(both, base + second):
        failing.append("the values of independent dimensions do not add up")
    if not same(mirrored, base):
        failing.append("the values for z_mean and for -z_mean differ")
    if not same(turned, base):
        failing.append("the order of the latent dimensions matters")
    if np.ptp(base) < 1e-6:
        failing.append("the value is the same for every image")
    if failing:
        ids = recognise.kl_values([(*case, got) for case, got in zip(asked[:3], gots[:3])]) + [None, None]
        _shape_problem(ask, asked[:3], gots[:3])
        told = "; ".join(failing)
        raise Problem(
            told[0].upper() + told[1:] + ("" if ids[0] else "."),
            mistake=ids[0],
            also=ids[1],
            next_step=None if ids[0] else "Each of these holds for every KL divergence to N(0, I).",
        )


#: Relative precision of each type, times a few roundings.
_PRECISION = {"float32": 2e-5, "float64": 2e-5, "float16": 1e-2, "bfloat16": 6e-2}


def extremes(rng, ask):
    """Far from the prior, one image or one dimension, other precisions, in a graph."""

    def far(batch, size):
        m, v = draw.gaussians(rng, batch, size)
        return draw.grid(m * 8), draw.grid(v * 4)  # |z_mean| to 19, z_log_var to ±8

    def anywhere(batch, size):
        m, v = rng.uniform(-25, 25, (batch, size)), rng.uniform(-14, 14, (batch, size))
        return tuple(part.astype("float32").astype("float64") for part in (m, v))

    plan = [
        ("far from the prior", far(6, 5), {}),
        ("for one image and one latent dimension", far(1, 1), {}),
        ("for 16 latent dimensions", draw.gaussians(rng, 7, 16), {}),
        ("for many images and dimensions", anywhere(int(rng.integers(*_LARGE)), int(rng.integers(17, 40))), {}),
        ("inside tf.function", draw.gaussians(rng, 4, 2), {"mode": "function"}),
    ]
    plan += [
        (f"in {dtype}", draw.gaussians(rng, 6, 5), {"dtype": dtype}) for dtype in ("float64", "float16", "bfloat16")
    ]
    arrays, cases = {}, []
    for i, (_, (m, v), options) in enumerate(plan):
        arrays[f"m{i}"], arrays[f"v{i}"] = m, v
        cases.append({"args": [f"m{i}", f"v{i}"], **options})
    body, arrays = ask({"op": "call", "cases": cases}, arrays)
    results = item(body, "results", list)
    if len(results) != len(plan):
        raise Problem("What came back is not in the form that was asked for.")
    for (when, (m, v), options), result in zip(plan, results):
        dtype = options.get("dtype", "float32")
        if dtype != "float32" and isinstance(result, dict) and "error" in result:
            continue  # the contract names no precision: refusing one is not a wrong value
        got = _output(result, arrays, " " + when)
        expected = oracles.kl(m, v)
        if got.shape != expected.shape:
            raise Problem(
                f"{when.capitalize()}, kl_term returned shape {got.shape} where {expected.shape} was expected.",
                got=f"shape {got.shape}",
                expected=f"shape {expected.shape}",
                **_diagnosed(rng, ask, "There should be one number for each image."),
            )
        off = abs(got - expected) / oracles.kl_size(m, v)
        if off.max() > _PRECISION[dtype]:
            i = int(np.argmax(off))
            raise Problem(
                f"{when.capitalize()}, kl_term returned {_digits(got[i])} where {_digits(expected[i])} was expected.",
                got=_digits(got[i]),
                expected=f"{_digits(expected[i])} nats",
                **_diagnosed(rng, ask, "Look for a cut, a rounding or a conversion that only matters for such inputs."),
            )


def _diagnosed(rng, ask, otherwise):
    """The mistakes that show at ordinary inputs already, and a next step: `otherwise`, if there are none."""
    cases = _three(rng)
    gots = _values(ask, cases)
    right = all(_right(got, *case) for case, got in zip(cases, gots))
    ids = ([] if right else _named(ask, cases, gots)) + [None, None]
    return {
        "mistake": ids[0],
        "also": ids[1],
        "next_step": None
        if ids[0]
        else otherwise
        if right
        else "Ordinary inputs give wrong values as well: first make those right.",
    }


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (shape, prior, values, gradients, properties, extremes)}
