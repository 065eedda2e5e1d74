"""Checks of ``kl_term(z_mean, z_log_var)``: ``(batch,)``, in nats."""

import numpy as np

from vaelab.checks.judge import draw, oracles, recognise
from vaelab.checks.judge.kl_term.diagnose import connected, diagnosed, named, shape_problem, value_problem
from vaelab.checks.judge.kl_term.run import LARGE, NAME, Case, call, digits, is_right, output, three, values_of
from vaelab.checks.judge.problem import Asker, Problem, with_mistakes
from vaelab.checks.judge.reply import item, tensor

#: Relative precision of each type, times a few roundings.
_PRECISION = {"float32": 2e-5, "float64": 2e-5, "float16": 1e-2, "bfloat16": 6e-2}


def shape(rng: np.random.Generator, ask: Asker) -> None:
    """One number for each image, at several sizes, through which a gradient can flow."""
    cases = three(rng) + [draw.gaussians(rng, 1, 2), draw.gaussians(rng, 4, 1)]
    results, arrays = call(ask, cases, gradient=True)
    gots = [output(result, arrays) for result in results]
    shape_problem(cases[:3], gots[:3])
    shape_problem(cases, gots)
    if all(is_right(got, *case) for got, case in zip(gots, cases)):  # else one argument may be left out by mistake
        connected(results[:3], cases[:3], gots[:3])


def prior(rng: np.random.Generator, ask: Asker) -> None:
    """Zero where q(z|x) is the prior, positive elsewhere, in the same batch."""
    cases = three(rng)
    # Where one argument is far from 0 and the other is not, wrong formulas are negative whatever is drawn; elsewhere, by luck.
    far = {0: (0, -1), 1: (0, 1), 3: (-1, 0), 4: (1, 0)}
    for m, v in cases:
        m[2], v[2] = 0, 0
        for row, (a, b) in far.items():
            distance = draw.grid(rng.uniform(1.1, 1.9, m.shape[1]))
            m[row], v[row] = a * distance, b * distance
    try:
        gots = values_of(ask, cases)
    except Problem as problem:
        if problem.got in ("nan", "inf"):  # a logarithm of zero, say: ordinary inputs may tell more
            problem.mistake = next(iter(diagnosed(rng, ask, "")[0]), None)
        raise
    shape_problem(cases, gots)
    for (m, v), got in zip(cases, gots):
        others = got[[*far]]
        if abs(got[2]) > 1e-4 or others.min() <= 1e-4:
            # Values that are merely off are the business of another check.
            if abs(got[2]) > 1e-4:
                sentence = (
                    f"For an image whose z_mean and z_log_var are all zero, q(z|x) is the prior and the "
                    f"divergence is zero; kl_term returned {digits(got[2])}"
                )
                shown = dict(got=digits(got[2]), expected="0")
            else:
                sentence = f"Away from the prior the divergence is positive; kl_term returned {digits(others.min())}"
                shown = dict(got=digits(others.min()), expected="a positive number")
            full = three(rng)
            found = named(ask, full, values_of(ask, full))
            ids = found or recognise.floor([(*case, g) for case, g in zip(cases, gots)])
            raise with_mistakes(sentence, ids, next_step="Put zeros into your formula by hand.", **shown)


def values(rng: np.random.Generator, ask: Asker) -> None:
    """The value for each image, in small batches and in a large one of numbers with many digits."""
    cases, large = three(rng), _large(rng)
    *gots, many = values_of(ask, [*cases, large])
    shape_problem(cases, gots)
    value_problem(ask, cases, gots)
    shape_problem([large], [many])
    if not is_right(many, *large):
        expected = oracles.kl(*large)
        i = int(np.argmax(abs(many - expected) / oracles.kl_size(*large)))
        raise Problem(
            f"In a batch of {len(many)} images, kl_term returned {digits(many[i])} for an image where "
            f"{digits(expected[i])} was expected. In small batches, for numbers with few digits, it is right.",
            got=digits(many[i]),
            expected=f"{digits(expected[i])} nats",
            next_step="Look for a number of images, a limit or a rounding in your function.",
        )


def _large(rng: np.random.Generator) -> Case:
    """As many images as in training, of a size that nobody can guess, and numbers off any grid."""
    size = int(rng.integers(*LARGE)), int(rng.integers(3, 9))
    m, v = (rng.uniform(-2.4, 2.4, size).astype("float32").astype("float64") for _ in range(2))
    return m, v


def gradients(rng: np.random.Generator, ask: Asker) -> None:
    """The gradient with respect to both arguments, where the values are right or not."""
    cases = three(rng)
    results, arrays = call(ask, cases, gradient=True)
    gots = [output(result, arrays) for result in results]
    found = []
    for told, (m, v) in zip(connected(results, cases, gots), cases):
        pair = [tensor(t, arrays, "The gradient of kl_term") for t in told]
        if any(g.shape != m.shape for g in pair):
            raise Problem("The gradient has not the shape of the arguments.")
        found.append((m, v, pair))
    for m, v, pair in found:
        for name, got, expected in zip(("z_mean", "z_log_var"), pair, oracles.kl_gradients(m, v)):
            off = abs(got - expected)
            if np.any(off > 1e-3 * (abs(expected) + 0.1)):
                i = np.unravel_index(np.argmax(off), off.shape)
                right = all(is_right(g, *case) for g, case in zip(gots, cases))
                # A gradient alone says too little: constants and reductions leave no trace in it.
                if right:
                    ids = [] if got.any() else ["kl.no_gradient"]
                else:
                    ids = recognise.kl_values([(*case, g) for case, g in zip(cases, gots)])
                raise with_mistakes(
                    f"The gradient with respect to {name} is {digits(got[i])} where {digits(expected[i])} was expected",
                    ids,
                    got=digits(got[i]),
                    expected=digits(expected[i]),
                    next_step="The values are right, so a part of the formula is cut off from the gradient: what stops it?"
                    if right
                    else "The gradient follows from the formula; first make the values right.",
                )


def properties(rng: np.random.Generator, ask: Asker) -> None:
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
    gots = values_of(ask, asked)
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
        ids = recognise.kl_values([(*case, got) for case, got in zip(asked[:3], gots[:3])])
        shape_problem(asked[:3], gots[:3])
        told = "; ".join(failing)
        raise with_mistakes(
            told[0].upper() + told[1:], ids, next_step="Each of these holds for every KL divergence to N(0, I)."
        )


def extremes(rng: np.random.Generator, ask: Asker) -> None:
    """Far from the prior, one image or one dimension, other precisions, in a graph."""

    def far(batch, size):
        m, v = draw.gaussians(rng, batch, size)
        return draw.grid(m * 8), draw.grid(v * 4)  # |z_mean| to 19, z_log_var to ±8

    def anywhere(batch, size):
        m, v = rng.uniform(-25, 25, (batch, size)), rng.uniform(-8, 8, (batch, size))
        return tuple(part.astype("float32").astype("float64") for part in (m, v))

    plan = [
        ("far from the prior", far(6, 5), {}),
        ("for one image and one latent dimension", far(1, 1), {}),
        ("for 16 latent dimensions", draw.gaussians(rng, 7, 16), {}),
        ("for many images and dimensions", anywhere(int(rng.integers(*LARGE)), int(rng.integers(17, 25))), {}),
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
        got = output(result, arrays, " " + when)
        expected = oracles.kl(m, v)
        if got.shape != expected.shape:
            ids, next_step = diagnosed(rng, ask, "There should be one number for each image.")
            raise with_mistakes(
                f"{when.capitalize()}, kl_term returned shape {got.shape} where {expected.shape} was expected",
                ids,
                got=f"shape {got.shape}",
                expected=f"shape {expected.shape}",
                next_step=next_step,
            )
        off = abs(got - expected) / oracles.kl_size(m, v)
        if off.max() > _PRECISION[dtype]:
            i = int(np.argmax(off))
            ids, next_step = diagnosed(
                rng, ask, "Look for a cut, a rounding or a conversion that only matters for such inputs."
            )
            raise with_mistakes(
                f"{when.capitalize()}, kl_term returned {digits(got[i])} where {digits(expected[i])} was expected",
                ids,
                got=digits(got[i]),
                expected=f"{digits(expected[i])} nats",
                next_step=next_step,
            )


CHECKS = {f"{NAME}.{f.__name__}": f for f in (shape, prior, values, gradients, properties, extremes)}
