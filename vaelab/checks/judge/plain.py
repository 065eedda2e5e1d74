"""Judged checks for functions of plain values: an oracle, inputs, and named mistakes, in a few lines.

    def tally(words):                                    # the oracle: what is right
        return {word: words.count(word) for word in words}

    def draw(rng):                                       # the inputs: one list of arguments a case, other ones each time
        return [([str(word) for word in rng.choice(["a", "b", "c"], size)],) for size in (0, 1, 7, 30)]

    CHECKS = {"tally.values": values(tally, draw, [Mistake(tally_of_lower, "It ignores case.", "Compare words as they are.")])}

The student's function runs in their process, and only its results come here; a right value is the only way to pass. Numbers,
strings, lists, tuples, sets, dictionaries, arrays and data frames (as `vaelab.checks.student.values.Frame`) can go in and out.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from vaelab.checks.judge.problem import Problem, short
from vaelab.checks.judge.raised import raised
from vaelab.checks.judge.reply import unchanged
from vaelab.checks.student.values import EXACT, Frame, Other, packed, unpacked


class Mistake(NamedTuple):
    """A wrong function that people write: recognised if it gives what the student's function gave, in all cases.

    ``message`` says what is wrong, ``next_step`` what to do; neither gives the answer away. Its id in verdicts is the exercise and
    the name of the wrong function: ``tally.ignores_case``. The catalogue has no entry for it.
    """

    function: Callable[..., Any]
    message: str
    next_step: str


def values(
    oracle: Callable[..., Any],
    draw: Callable[[np.random.Generator], Sequence[tuple]],
    mistakes: Sequence[Mistake] = (),
    tolerance: float = 1e-6,
) -> Callable:
    """A check that the student's function gives what ``oracle`` gives, for all cases that ``draw`` draws.

    Floats may differ by ``tolerance``, relative or (near zero) absolute. A list is no tuple; the order of a dictionary's keys and
    of a frame's columns is free. A function that changes its arguments does not pass: the caller still needs them.
    """

    def check(rng: np.random.Generator, ask: Any) -> None:
        cases = [tuple(case) for case in draw(rng)]
        arrays: dict[str, np.ndarray] = {}
        sent = [[packed(value, arrays, f"case{i}.{j}") for j, value in enumerate(case)] for i, case in enumerate(cases)]
        body, returned = ask({"op": "plain", "cases": sent}, arrays)
        results = _results(body, len(cases), ask.name)
        got = [_value(result, returned, ask.name) for result in results]
        for case, value, result in zip(cases, got, results):
            expected = oracle(*case)
            if not same(value, expected, tolerance):
                raise _problem(ask.name, case, value, expected, cases, got, mistakes, tolerance)
            unchanged(result, _call(ask.name, case), [str(j + 1) for j in range(len(case))])

    return check


def _results(body: dict, count: int, name: str) -> list[dict]:
    results = body.get("results")
    if not isinstance(results, list) or len(results) != count or not all(isinstance(one, dict) for one in results):
        raise Problem(
            f"{name} was run, but what came back cannot be read.", next_step="Restart the kernel and run all cells."
        )
    return results


def _value(result: dict, arrays: dict, name: str) -> Any:
    if "value" not in result:
        raise raised(result.get("error"), name)
    try:
        return unpacked(result["value"], arrays)
    except (ValueError, RecursionError):
        raise Problem(
            f"{name} was run, but what came back cannot be read.", next_step="Restart the kernel and run all cells."
        ) from None


def _problem(name, case, value, expected, cases, got, mistakes, tolerance) -> Problem:
    for mistake in mistakes:
        try:
            recognised = all(same(one, mistake.function(*each), tolerance) for one, each in zip(got, cases))
        except Exception:  # a wrong function may fail on some inputs; then it is not the student's
            recognised = False
        if recognised:
            return Problem(
                mistake.message,
                mistake=f"{name}.{mistake.function.__name__}",
                got=shown(value),
                expected=shown(expected),
                next_step=mistake.next_step,
            )
    text = f"{_call(name, case)} {difference(value, expected)}."
    return Problem(text, got=shown(value), expected=shown(expected), next_step="Try this call in your notebook.")


def _call(name: str, case: tuple) -> str:
    return f"{name}({', '.join(shown(value, 60) for value in case)})"


def shown(value: Any, limit: int = 120) -> str:
    """A value as one line."""
    if isinstance(value, Other):
        return f"a {value.type}"
    if isinstance(value, Frame):
        return short(f"a data frame with the columns {', '.join(str(name) for name, _ in value.columns)}", limit)
    if isinstance(value, np.ndarray):
        return short(
            f"array({np.array2string(value.ravel()[:6], precision=4, separator=', ')}, shape {value.shape})", limit
        )
    return short(repr(value), limit)


def difference(value: Any, expected: Any) -> str:
    """What is different, in words that follow "f(x)"."""
    if isinstance(value, Other):
        return f"returns a {value.type}, where {_kind(expected)} is expected"
    if value is None:
        return f"returns None, where {_kind(expected)} is expected: does it end with `return`?"
    if _kind(value) != _kind(expected):
        return f"returns {_kind(value)}, where {_kind(expected)} is expected"
    if isinstance(expected, np.ndarray) and value.shape != expected.shape:
        return f"returns an array of shape {value.shape}, where {expected.shape} is expected"
    if isinstance(expected, list | tuple | set | dict | str) and len(value) != len(expected):
        return f"returns {_kind(value)} of length {len(value)}, where {len(expected)} is expected"
    return f"returns {shown(value)}, where {shown(expected)} is expected"


def _kind(value: Any) -> str:
    kinds = {
        bool: "True or False", int: "an integer", float: "a float", str: "a string", list: "a list", tuple: "a tuple", set: "a set",
        dict: "a dictionary", Frame: "a data frame", np.ndarray: "an array", type(None): "None",
    }  # fmt: skip
    return kinds.get(type(value), f"a {type(value).__name__}")


def same(value: Any, expected: Any, tolerance: float) -> bool:
    """Whether two values are the same: floats up to ``tolerance``, everything else exactly, types included.

    An integer passes for a float that it equals, and a float for an integer: Python and NumPy choose between them too freely
    for a mark to depend on it. True is no 1.
    """
    if isinstance(expected, np.generic):
        expected = expected.item()
    numbers = type(value) in (int, float) and type(expected) in (int, float)
    if numbers:
        if any(type(one) is int and abs(one) > EXACT for one in (value, expected)):
            return value == expected
        return _close(float(value), float(expected), tolerance)
    if type(value) is not type(expected):
        return False
    if isinstance(expected, np.ndarray):
        return value.shape == expected.shape and _arrays_close(value, expected, tolerance)
    if isinstance(expected, list | tuple) and not isinstance(expected, Frame):
        return len(value) == len(expected) and all(same(a, b, tolerance) for a, b in zip(value, expected))
    if isinstance(expected, dict):
        return value.keys() == expected.keys() and all(same(value[k], expected[k], tolerance) for k in expected)
    if isinstance(expected, Frame):
        a, b = dict(value.columns), dict(expected.columns)
        return len(a) == len(value.columns) and a.keys() == b.keys() and all(_column(a[k], b[k], tolerance) for k in b)
    return value == expected


def _column(a: Any, b: Any, tolerance: float) -> bool:
    value, expected = (one.tolist() if isinstance(one, np.ndarray) else list(one) for one in (a, b))
    return same(value, expected, tolerance)


def _close(a: float, b: float, tolerance: float) -> bool:
    return math.isnan(a) and math.isnan(b) or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)


def _arrays_close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    if a.dtype.kind == "b" or b.dtype.kind == "b":
        return a.dtype.kind == b.dtype.kind and bool(np.array_equal(a, b))
    return bool(np.allclose(a.astype("float64"), b.astype("float64"), rtol=tolerance, atol=tolerance, equal_nan=True))
