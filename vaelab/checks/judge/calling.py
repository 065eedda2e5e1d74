"""Calling a target on several cases, and what its wrong numbers have in common with known mistakes."""

import numpy as np

from vaelab.checks.judge.problem import Problem
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import item, tensor


def outputs(ask, name, cases, when=None):
    """The target's value for each case, a tuple of arrays; a `Problem` for what is no array of finite numbers.

    ``when`` has words for each case, such as "for a single sample".
    """
    arrays, listed = {}, []
    for i, case in enumerate(cases):
        names = [f"{i}.{j}" for j in range(len(case))]
        arrays.update({key: np.asarray(value, "float64") for key, value in zip(names, case, strict=True)})
        listed.append({"args": names})
    body, returned = ask({"op": "call", "cases": listed}, arrays)
    results = item(body, "results", list)
    if len(results) != len(cases):
        raise Problem("What came back is not in the form that was asked for.")
    return [
        _output(result, returned, name, f" {words}" if words else "")
        for result, words in zip(results, when or [""] * len(cases), strict=True)
    ]


def _output(result, arrays, name, when):
    result = result if isinstance(result, dict) else {}
    if "error" in result:
        raise raised(result["error"], name, when)
    return tensor(result.get("output"), arrays, name + when)


def digits(value):
    """A number as a message shows it."""
    return f"{value + 0.0:.5g}"  # no "-0"


def close(got, expected, size=None, rtol=2e-5, atol=1e-3):
    """Same shape and the same numbers, up to the rounding of float32 in sums of terms of this size."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape or not np.isfinite(expected).all():
        return False
    return bool(np.all(abs(got - expected) <= atol + rtol * (abs(expected) if size is None else size)))


def few_digits(got, expected, size):
    """Whether the numbers are right, but to two or three digits only."""
    return close(got, expected, size, rtol=8e-3, atol=1e-2)


def ids_of(ids):
    """Keyword arguments of a `Problem` for up to two recognised mistakes."""
    first, second = ([*ids, None, None])[:2]
    return {"mistake": first, "also": second}


def different(ask, name, cases, gots):
    """Whether the same calls give other values now."""
    again = outputs(ask, name, cases)
    return any(a.shape != b.shape or not np.allclose(a, b) for a, b in zip(again, gots, strict=True))
