"""Checks of ``log_weight(x, z, z_mean, z_log_var, x_decoded)``: ``(n_samples, batch)``, in nats."""

import numpy as np

from vaelab.checks.judge import calling, importance, weight_mistakes
from vaelab.checks.judge.problem import Problem

_NAME = "log_weight"


def _rounded(*arrays):
    """What is left of the numbers in float32, so that target and judge see the same ones."""
    return tuple(np.asarray(a, "float32").astype("float64") for a in arrays)


def draw(rng, count, batch, latent_dim, pixels, far=1.0, edge=0.03):
    """One case: images, codes and what encoder and decoder say of them, on no grid.

    ``far`` stretches codes and log variances; probabilities stay ``edge`` away from 0 and 1.
    """
    z_mean = rng.normal(0, 1.3, (batch, latent_dim))
    z_log_var = rng.uniform(-1.9, 1.2, (batch, latent_dim)) * far
    z = z_mean + np.exp(0.5 * z_log_var) * rng.normal(0, 1.2, (count, batch, latent_dim)) * far**0.5
    x = rng.beta(0.7, 0.9, (batch, pixels)).clip(0.004, 0.996)
    x_decoded = rng.beta(0.9, 0.8, (count, batch, pixels)).clip(edge, 1 - edge)
    return _rounded(x, z, z_mean, z_log_var, x_decoded)


def _three(rng):
    """Three ordinary cases whose sizes differ from one another; none of them can be guessed."""
    counts, dims = rng.permutation([2, 3, 5, 6, 9])[:3], rng.permutation([2, 3, 4, 5])[:3]
    batches, pixels = rng.choice(np.arange(64, 131), 3, replace=False), rng.choice(np.arange(11, 40), 3, replace=False)
    return [draw(rng, *map(int, sizes)) for sizes in zip(counts, batches, dims, pixels, strict=True)]


def _right(got, case):
    return calling.close(got, importance.log_weight(*case), weight_mistakes.size(*case))


def _named(ask, cases, gots):
    """Ids of the mistakes that explain the values of ordinary cases; none if nothing fits."""
    ids = weight_mistakes.recognised(list(zip(cases, gots, strict=True)))
    return ids or (["iw.random"] if calling.different(ask, _NAME, cases, gots) else [])


def _shape_problem(ask, cases, gots):
    """A Problem if a result has not one number for each sample and image."""
    for case, got in zip(cases, gots, strict=True):
        wanted = case[1].shape[:2]
        if got.shape != wanted:
            ids = _named(ask, cases, gots)
            raise Problem(
                f"For {wanted[0]} samples of {wanted[1]} images, log_weight returned shape {got.shape} where {wanted} "
                "was expected" + ("" if ids else "."),
                **calling.ids_of(ids),
                got=f"shape {got.shape}",
                expected=f"shape {wanted}",
                next_step=None if ids else "There should be one number for each sample of each image.",
            )


def _value_problem(ask, cases, gots):
    """A Problem if the values are not right: recognised, or described by the part that is right."""
    wrong = [(case, got) for case, got in zip(cases, gots, strict=True) if not _right(got, case)]
    if not wrong:
        return
    case, got = wrong[0]
    expected = importance.log_weight(*case)
    at = np.unravel_index(int(np.argmax(abs(got - expected))), got.shape)
    ids = _named(ask, cases, gots)
    sentence = (
        f"log_weight returned {calling.digits(got[at])} for a sample of an image where "
        f"{calling.digits(expected[at])} was expected"
    )
    if not ids:
        sentence += ". The mistake was not recognised" + _where_right(ask, case) + "."
    raise Problem(
        sentence,
        **calling.ids_of(ids),
        got=calling.digits(got[at]),
        expected=f"{calling.digits(expected[at])} nats",
        next_step=None if ids else "Work out one weight by hand, for one image of one pixel and one latent dimension.",
    )


def _where_right(ask, case):
    """In words, special inputs for which the target is right."""
    x, z, m, v, p = case
    special = {
        "q(z|x) is the prior": (x, z, 0 * m, 0 * v, p),
        "z_log_var is zero": (x, z, m, 0 * v, p),
        "z is zero": (x, 0 * z, m, v, p),
        "each code is the mean of q(z|x)": (x, np.broadcast_to(m, z.shape), m, v, p),
        "every pixel is ½": (0 * x + 0.5, z, m, v, 0 * p + 0.5),
    }
    gots = calling.outputs(ask, _NAME, list(special.values()))
    right = [words for (words, made), got in zip(special.items(), gots, strict=True) if _right(got, made)]
    return "; what can be said is that the values are right where " + ", and where ".join(right) if right else ""


def shape(rng, ask):
    """One number for each sample of each image, at several sizes."""
    cases = [*_three(rng), draw(rng, 1, 4, 2, 9), draw(rng, 3, 1, 1, 8)]
    gots = calling.outputs(ask, _NAME, cases)
    _shape_problem(ask, cases[:3], gots[:3])
    _shape_problem(ask, cases, gots)


def values(rng, ask):
    """The value for each sample and image."""
    cases = _three(rng)
    gots = calling.outputs(ask, _NAME, cases)
    _shape_problem(ask, cases, gots)
    _value_problem(ask, cases, gots)


def properties(rng, ask):
    """Prior and q cancel where they are equal; every sample and image for itself; each part moves alone."""
    cases = _three(rng)
    x, z, m, v, p = cases[0]
    count, batch = z.shape[:2]
    samples, images = rng.permutation(count), np.roll(np.arange(batch), 1)
    (other,) = _rounded(rng.uniform(0.1, 0.9, p.shape))
    shifted = _rounded(z + rng.choice([-1, 1], z.shape) * 0.4)[0]
    base, moved, turned, alone, equal, redrawn, elsewhere = gots = calling.outputs(
        ask,
        _NAME,
        [
            (x, z, m, v, p),
            (x, z[samples], m, v, p[samples]),
            (x[images], z[:, images], m[images], v[images], p[:, images]),
            (x[:1], z[:1, :1], m[:1], v[:1], p[:1, :1]),
            (x, z, 0 * m, 0 * v, p),
            (x, z, m, v, other),
            (x, shifted, m, v, p),
        ],
    )
    shapes = [(count, batch), (count, batch), (count, batch), (1, 1), *[(count, batch)] * 3]
    failing = []
    if [got.shape for got in gots] != shapes:
        failing.append("there is not one value for each sample of each image")
    else:
        q = importance.log_gaussian
        change = q(shifted, 0.0, 0 * z) - q(z, 0.0, 0 * z) - q(shifted, m, v) + q(z, m, v)
        said = {
            "the values change with the order of the samples": (moved, base[samples]),
            "the values change with the order of the images": (turned, base[:, images]),
            "a sample of an image has another value alone than among others": (alone, base[:1, :1]),
            "prior and q(z|x) do not cancel where they are equal": (equal, importance.log_bernoulli(x, p)),
            "another reconstruction does not change the value by the change of log p(x|z)": (
                redrawn - base,
                importance.log_bernoulli(x, other) - importance.log_bernoulli(x, p),
            ),
            "another code does not change the value by the change of log p(z) - log q(z|x)": (elsewhere - base, change),
        }
        failing += [
            words for words, pair in said.items() if not calling.close(*pair, weight_mistakes.size(x, z, m, v, p))
        ]
    if failing:
        ids = _diagnosed(rng, ask)
        told = "; ".join(failing)
        raise Problem(
            told[0].upper() + told[1:] + ("" if ids else "."),
            **calling.ids_of(ids),
            next_step=None if ids else "Each of these holds for every importance weight.",
        )


def extremes(rng, ask):
    """Far from the prior, narrow and wide q, one of everything, images of 784 pixels."""
    plan = {
        "far from the prior, with narrow and wide q(z|x)": draw(rng, 4, 33, 3, 10, far=4.0),
        "for one sample of one image with one latent dimension": draw(rng, 1, 1, 1, 5),
        "for 784 pixels": draw(rng, 2, 3, 2, 784),
        "for 16 latent dimensions": draw(rng, 3, 7, 16, 10),
        "for probabilities close to 0 and 1": draw(rng, 3, 8, 2, 30, edge=2e-4),
        "for 120 samples": draw(rng, 120, 2, 2, 6),
    }
    for (when, case), got in zip(
        plan.items(), calling.outputs(ask, _NAME, list(plan.values()), list(plan)), strict=True
    ):
        expected = importance.log_weight(*case)
        if got.shape == expected.shape and _right(got, case):
            continue
        ids = _diagnosed(rng, ask)
        if got.shape != expected.shape:
            shown = {"got": f"shape {got.shape}", "expected": f"shape {expected.shape}"}
        else:
            at = np.unravel_index(int(np.argmax(abs(got - expected))), got.shape)
            shown = {"got": calling.digits(got[at]), "expected": calling.digits(expected[at])}
        raise Problem(
            f"{when.capitalize()}, log_weight returned {shown['got']} where {shown['expected']} was expected"
            + ("" if ids else "."),
            **calling.ids_of(ids),
            **shown,
            next_step=None
            if ids
            else "Look for a cut, a fixed size or a conversion that only matters for such inputs.",
        )


def _diagnosed(rng, ask):
    """The mistakes that show at ordinary inputs already."""
    cases = _three(rng)
    gots = calling.outputs(ask, _NAME, cases)
    return [] if all(_right(g, c) for c, g in zip(cases, gots, strict=True)) else _named(ask, cases, gots)


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (shape, values, properties, extremes)}
