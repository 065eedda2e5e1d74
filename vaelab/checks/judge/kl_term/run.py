"""Calling a student's ``kl_term`` and reading what comes back; whether it is right."""

import numpy as np

from vaelab.checks.judge import draw, oracles
from vaelab.checks.judge.problem import Asker, Problem
from vaelab.checks.judge.reply import item, raised, tensor

NAME = "kl_term"
#: z_mean and z_log_var of some images.
Case = tuple[np.ndarray, np.ndarray]
#: Images in a batch as large as in training: at least and at most.
LARGE = 64, 130


def call(ask: Asker, cases: list[Case], **options: object) -> tuple[list, dict]:
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


def output(result: object, arrays: dict, when: str = "") -> np.ndarray:
    result = result if isinstance(result, dict) else {}
    if "error" in result:
        raise raised(result["error"], NAME, when)
    return tensor(result.get("output"), arrays, NAME)


def values_of(ask: Asker, cases: list[Case]) -> list[np.ndarray]:
    """The target's value for each case, whatever its shape."""
    results, arrays = call(ask, cases)
    return [output(result, arrays) for result in results]


def three(rng: np.random.Generator) -> list[Case]:
    """Three cases of one size: enough numbers to recognise a formula by a scalar."""
    batch, size = draw.sizes(rng)
    return [draw.gaussians(rng, batch, size) for _ in range(3)]


def is_right(got: np.ndarray, m: np.ndarray, v: np.ndarray, rtol: float = 1e-4) -> bool:
    expected = oracles.kl(m, v)
    return got.shape == expected.shape and bool(np.all(abs(got - expected) <= rtol * oracles.kl_size(m, v)))


def digits(value: float) -> str:
    return f"{value + 0.0:.4g}"  # no "-0"
