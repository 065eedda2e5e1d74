"""Calling a student's ``kl_term`` and reading what comes back; whether it is right."""

import numpy as np

from vaelab.checks.judge import draw, oracles
from vaelab.checks.judge.problem import Problem
from vaelab.checks.judge.reply import item, raised, tensor

NAME = "kl_term"
#: Images in a batch as large as in training: at least and at most.
LARGE = 64, 130


def call(ask, cases, **options):
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


def output(result, arrays, when=""):
    result = result if isinstance(result, dict) else {}
    if "error" in result:
        raise raised(result["error"], NAME, when)
    return tensor(result.get("output"), arrays, NAME)


def values_of(ask, cases):
    """The target's value for each case, whatever its shape."""
    results, arrays = call(ask, cases)
    return [output(result, arrays) for result in results]


def three(rng):
    """Three cases of one size: enough numbers to recognise a formula by a scalar."""
    batch, size = draw.sizes(rng)
    return [draw.gaussians(rng, batch, size) for _ in range(3)]


def is_right(got, m, v, rtol=1e-4):
    expected = oracles.kl(m, v)
    return got.shape == expected.shape and bool(np.all(abs(got - expected) <= rtol * oracles.kl_size(m, v)))


def digits(value):
    return f"{value + 0.0:.4g}"  # no "-0"
