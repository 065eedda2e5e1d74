"""What is wrong with a ``kl_term``: recognised from its numbers, or described by what fails."""

import numpy as np

from vaelab.checks.judge import oracles, recognise
from vaelab.checks.judge.kl_term.run import Case, digits, is_right, three, values_of
from vaelab.checks.judge.problem import Asker, Problem, with_mistakes
from vaelab.checks.judge.reply import item


def shape_problem(cases: list[Case], gots: list[np.ndarray]) -> None:
    """A Problem if a result has not one number for each image."""
    for (m, v), got in zip(cases, gots):
        if got.shape != (len(m),):
            raise with_mistakes(
                f"For a batch of {len(m)} images and {m.shape[1]} latent dimensions, kl_term returned shape "
                f"{got.shape} where ({len(m)},) was expected",
                recognise.kl_values([(m, v, g) for (m, v), g in zip(cases, gots)]),
                got=f"shape {got.shape}",
                expected=f"shape ({len(m)},)",
                next_step="There should be one number for each image.",
            )


def value_problem(ask: Asker, cases: list[Case], gots: list[np.ndarray]) -> None:
    """A Problem if the values are not right: recognised, or described by what fails."""
    wrong = [(m, v, got) for (m, v), got in zip(cases, gots) if not is_right(got, m, v)]
    if not wrong:
        return
    m, v, got = wrong[0]
    expected = oracles.kl(m, v)
    i = int(np.argmax(abs(got - expected) / oracles.kl_size(m, v)))
    sentence = f"kl_term returned {digits(got[i])} for an image where {digits(expected[i])} was expected"
    ratios = np.concatenate([g / oracles.kl(a, b) for a, b, g in wrong])
    if np.ptp(ratios) < 1e-3 * abs(ratios[0]):
        sentence += f", and every image is off by the same factor {digits(ratios[0])}"
    shown = dict(got=digits(got[i]), expected=f"{digits(expected[i])} nats")
    ids = named(ask, cases, gots)
    if ids:
        raise with_mistakes(sentence, ids, **shown)
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


def named(ask: Asker, cases: list[Case], gots: list[np.ndarray]) -> list[str]:
    """Ids of the mistakes that explain the values of ordinary cases; none if nothing fits."""
    ids = recognise.kl_values([(m, v, got) for (m, v), got in zip(cases, gots)])
    if ids == ["kl.floor"]:
        size = cases[0][0].shape[1]
        (prior,) = values_of(ask, [(np.zeros((2, size)), np.zeros((2, size)))])
        ids = ids if np.allclose(prior, min(got.min() for got in gots), rtol=1e-3) else []
    if ids == ["kl.factor"] and _shrinks(ask, cases[0], gots[0]):
        ids = ["kl.mean_over_dims", "kl.factor"]
    if not ids:
        again = values_of(ask, cases)
        if any(a.shape != b.shape or not np.allclose(a, b) for a, b in zip(again, gots)):
            ids = ["kl.random"]
    return ids


def _shrinks(ask, case, got):
    """Is the factor by which every value is wrong inversely proportional to the number of latent dimensions?"""
    m, v = (np.hstack([part, part]) for part in case)
    (double,) = values_of(ask, [(m, v)])
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
    base, prior, mirrored, alone, turned, *others = values_of(
        ask, [(m, v), (zero, zero), (-m, v), (m[:1], v[:1]), (m[:, swap], v[:, swap]), *parts.values()]
    )
    failing = [words for (words, case), got in zip(parts.items(), others) if is_right(got, *case)]
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


def connected(results: list[dict], cases: list[Case], gots: list[np.ndarray]) -> list[list[dict]]:
    """For each result, what it says of both gradients; a Problem where there is none."""
    found = []
    for result in results:
        told = item(result, "gradients", list)
        if len(told) != 2 or not all(isinstance(t, dict) for t in told):
            raise Problem("What came back is not in the form that was asked for.")
        lost = " and ".join(n for n, t in zip(("z_mean", "z_log_var"), told) if t.get("kind") == "none")
        if lost:
            right = all(is_right(g, *case) for g, case in zip(gots, cases))
            ids = [] if right else recognise.kl_values([(*case, g) for case, g in zip(cases, gots)])
            raise with_mistakes(
                f"No gradient with respect to {lost} comes back",
                ids or ["kl.no_gradient"] * right,
                got="no gradient",
                expected="a gradient",
                next_step="Stay with tensor operations from the arguments to the result.",
            )
        found.append(told)
    return found


def diagnosed(rng: np.random.Generator, ask: Asker, otherwise: str) -> tuple[list[str], str]:
    """The mistakes that show at ordinary inputs already, and a next step without one: `otherwise`, if values are right there."""
    cases = three(rng)
    gots = values_of(ask, cases)
    right = all(is_right(got, *case) for case, got in zip(cases, gots))
    ids = [] if right else named(ask, cases, gots)
    return ids, otherwise if right else "Ordinary inputs give wrong values as well: first make those right."
