"""Checks of ``active_units(z_mean, threshold=0.01)``: how many latent dimensions vary over the images.

A dimension is active if the variance of z_mean over the images exceeds the threshold (Burda, Grosse and
Salakhutdinov, 2016). Whether the variance divides by N or by N - 1 is open: no variance drawn here lies so
near the threshold that it matters.
"""

import numpy as np

from vaelab.checks.judge.problem import Asker, Problem
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import item, tensor, unchanged

_NAME = "active_units"
_DEFAULT = 0.01


def _codes(rng, variances, near=None):
    """z_mean with exactly these variances in its columns: ``(N, len(variances))``, float32.

    The columns' means are far from zero; with ``near``, a threshold, they are so near that the squares of all of
    them lie below it, and the values of some above.
    """
    size = len(variances)
    count = int(rng.choice([61, 83, 97])) if near is None else int(rng.choice([389, 421]))
    z = rng.normal(size=(count, size))
    z = (z - z.mean(0)) / z.std(0)
    if near is None:
        means = rng.uniform(0.4, 2.5, size)
    else:
        means = near * rng.permutation(np.where(np.arange(size) < 3, min(3.0, 0.3 / near**0.5), 0.2))
    return (rng.choice([-1, 1], size) * means + z * np.sqrt(variances)).astype("float32")


def _variances(rng, threshold, active, noisy, still):
    """Variances above the threshold; below it, with a standard deviation above; with one below as well; and one of nearly 0."""
    above = threshold * rng.uniform(1.25, 1.6, active)
    between = rng.uniform(1.5, 3, noisy) * np.minimum(threshold**2 * 4, threshold / 5)
    below = threshold**2 * rng.uniform(0.35, 0.7, still)
    return rng.permutation(np.concatenate([above, between, below, [1e-4 * threshold**2] * bool(noisy)]))


def _truth(z, threshold):
    return int((z.astype("float64").var(0) > threshold).sum())


#: What a wrong answer returns: by catalogue id, functions of (z_mean, threshold).
_WRONG = {
    "units.all": [lambda z, t: z.shape[1], lambda z, t: (z.var(0) > 0).sum()],
    "units.standard_deviation": [lambda z, t: (z.std(0) > t).sum(), lambda z, t: (z.std(0) > np.sqrt(t) / 2).sum()],
    "units.wrong_axis": [lambda z, t: (z.var(1) > t).sum()],
    "units.no_axis": [lambda z, t: (z.var() > t).sum(), lambda z, t: z.shape[1] * (z.var() > t)],
    "units.fixed_threshold": [lambda z, t: (z.var(0) > _DEFAULT).sum()],
    "units.not_centred": [lambda z, t: ((z**2).mean(0) > t).sum(), lambda z, t: ((z**2).sum(0) > t).sum()],
    "units.of_the_mean": [
        lambda z, t: (abs(z.mean(0)) > t).sum(),
        lambda z, t: (z.mean(0) > t).sum(),
        lambda z, t: (abs(z).mean(0) > t).sum(),
    ],
    "units.inactive": [lambda z, t: (z.var(0) <= t).sum()],
    "units.share": [lambda z, t: (z.var(0) > t).mean()],
    "units.not_averaged": [lambda z, t: (z.var(0) * len(z) > t).sum()],
    "units.total": [lambda z, t: z.var(0).sum(), lambda z, t: z.var(0)[z.var(0) > t].sum()],
    "units.single_values": [lambda z, t: (abs(z) > t).sum(), lambda z, t: (abs(z - z.mean(0)) > t).sum()],
    "units.range": [lambda z, t: (np.ptp(z, 0) > t).sum(), lambda z, t: (abs(z - z.mean(0)).mean(0) > t).sum()],
    "units.images": [lambda z, t: len(z)],
}
#: Arrays that are no count, by catalogue id.
_ARRAYS = {
    "units.which": [lambda z, t: z.var(0) > t],
    "units.variances": [lambda z, t: z.var(0), lambda z, t: z.std(0)],
}


def _explained(cases, gots, wrong):
    """Id of the first wrong formula that gives every number; or None."""
    for name, formulas in wrong.items():
        for formula in formulas:
            values = [np.asarray(formula(z.astype("float64"), t), "float64") for z, t in cases]
            right = [_truth(z, t) for z, t in cases]
            fits = all(v.shape == g.shape and np.allclose(v, g, rtol=1e-3, atol=1e-6) for v, g in zip(values, gots))
            if fits and any(v.shape != () or v != r for v, r in zip(values, right)):
                return name
    return None


def _ask_all(ask, cases):
    """What the target returns for ``[(z_mean, threshold)]``, and the replies; the default threshold is left out of the call."""
    arrays = {f"z{i}": z for i, (z, _) in enumerate(cases)}
    listed = [
        {"args": [f"z{i}"], "with": {} if threshold == _DEFAULT else {"threshold": threshold}}
        for i, (_, threshold) in enumerate(cases)
    ]
    body, arrays = ask({"op": "numbers", "cases": listed}, arrays)
    results = item(body, "results", list)
    if len(results) != len(cases):
        raise Problem("What came back is not in the form that was asked for.")
    gots = []
    for result in results:
        if isinstance(result, dict) and "error" in result:
            raise raised(result["error"], _NAME)
        described = result.get("output") if isinstance(result, dict) else None
        gots.append(tensor(described, arrays, _NAME, expected="one number"))
    return gots, results


def _judge(ask, cases):
    gots, results = _ask_all(ask, cases)
    rights = [_truth(z, t) for z, t in cases]
    shaped = next((g for g in gots if g.shape != ()), None)
    if shaped is not None:
        size = cases[0][0].shape[1]
        name = _explained(cases, gots, _ARRAYS)
        raise Problem(
            f"active_units returned an array of shape {shaped.shape} for {size} latent dimensions"
            + ("" if name else ", where one number was expected."),
            mistake=name,
            got=f"shape {shaped.shape}",
            expected="one number",
            next_step=None if name else "Count: how many dimensions are active?",
        )
    for (z, threshold), got, right in zip(cases, gots, rights):
        if got != right:
            name = _explained(cases, gots, _WRONG)
            shown = f"{float(got):.6g}"
            raise Problem(
                f"For {len(z)} images, {z.shape[1]} latent dimensions and a threshold of {threshold:g}, active_units "
                f"returned {shown} where {right} was expected" + ("" if name else "."),
                mistake=name,
                got=shown,
                expected=str(right),
                next_step=None
                if name
                else "Print the variance of each column of z_mean, and count by hand for a small array.",
            )
    return results


def _plans(rng):
    """Three plans ``(active, noisy, still)``: no two numbers of a plan are equal, nor the same number of two plans."""
    counts = rng.permutation([1, 2, 5])
    return [tuple(int(n) for n in np.roll(counts, shift)) for shift in range(3)]


def counts(rng: np.random.Generator, ask: Asker) -> None:
    """With the usual threshold, for three sets of codes, one of them near the origin."""
    cases = [
        _codes(rng, _variances(rng, _DEFAULT, *plan), near) for plan, near in zip(_plans(rng), (None, _DEFAULT, None))
    ]
    for result in _judge(ask, [(codes, _DEFAULT) for codes in cases]):
        unchanged(result, _NAME, ["z_mean"])


def threshold(rng: np.random.Generator, ask: Asker) -> None:
    """With other thresholds and sizes; all dimensions, or none, may be active."""
    cases = [
        (_codes(rng, _variances(rng, value, *plan), near), value)
        for value, plan, near in zip((0.1, 0.03, 0.002), _plans(rng), (None, 0.03, None))
    ]
    one = int(rng.integers(2))
    cases += [
        (_codes(rng, _variances(rng, 0.2, 6, 0, 0)), 0.2),
        (_codes(rng, _variances(rng, 0.2, 0, 5, 0)), 0.2),
        (_codes(rng, _variances(rng, 0.3, one, 1 - one, 0)), 0.3),
        (_codes(rng, _variances(rng, _DEFAULT, 9, 12, 11)), _DEFAULT),
    ]
    _judge(ask, cases)


CHECKS = {f"{_NAME}.{f.__name__}": f for f in (counts, threshold)}
