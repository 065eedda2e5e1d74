"""Reading a probe's reply as what it may be: data from a hostile process.

Nothing of a reply is used before this module has said that it has the right form, the
right shape and only finite numbers. Whatever is wrong becomes a `Problem`, one sentence
for the student; the judge never crashes on a reply.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vaelab.checks.judge.problem import NotBegun, Problem, short
from vaelab.checks.judge.raised import raised
from vaelab.checks.message import PROTOCOL


def opened(reply: Any, name: str) -> tuple[dict, dict]:
    """The JSON and arrays of a reply that says "ok"; anything else is a Problem."""
    try:
        body, arrays = reply["json"], reply["arrays"]
        good = isinstance(body, dict) and isinstance(arrays, dict) and body.get("protocol") == PROTOCOL
    except (TypeError, KeyError, AttributeError):
        good = False
    if not good:
        raise Problem(
            f"{name} was run, but what came back cannot be read.",
            next_step="Run the cell again; if this stays, restart the kernel.",
        )
    status = body.get("status")
    if status == "not_done":
        raise NotBegun(f"{name} is not written yet: its stub raises NotImplementedError.")
    if status == "refused":
        raise Problem(
            short(body.get("why", "refused"), 300),
            next_step="Build the encoder from layers, keras.ops and keras.random.",
        )
    if status != "ok":
        raise raised(body.get("error"), name)
    return body, arrays


def item(container: Any, key: Any, kind: type) -> Any:
    """``container[key]`` if it is a `kind`, or a Problem."""
    try:
        value = container[key]
    except (TypeError, KeyError, IndexError):
        value = None
    if type(value) is not kind:
        raise Problem(
            "What came back is not in the form that was asked for.",
            next_step="Run the cell again; if this stays, restart the kernel.",
        )
    return value


def unchanged(result: Any, name: str, arguments: Sequence[str]) -> None:
    """A Problem if `result`, of a call of `name` that gave what it should, lists any of the arguments as changed."""
    listed = result.get("changed") if isinstance(result, dict) else None
    argument = next((a for j, a in enumerate(arguments) if isinstance(listed, list) and j in listed), None)
    if argument is not None:
        raise Problem(
            f"{name} gives what it should, but it changes its argument {argument}, which the caller still needs.",
            got=f"another {argument}",
            expected=f"the same {argument} as before",
            next_step="Make a copy of the argument first, and change that.",
        )


_WORDS = {
    "none": "None",
    "symbolic": "a symbolic tensor, which holds no numbers",
    "list": "a list",
    "large": "an enormous array",
}


def tensor(
    told: object, arrays: dict, what: str, *, finite: bool = True, expected: str = "a tensor of numbers"
) -> np.ndarray:
    """The float64 array behind a description, if it is a tensor or array of numbers, or a number.

    `expected` says in a Problem what should have been returned.
    """
    told = told if isinstance(told, dict) else {}
    kind = told.get("kind") if isinstance(told.get("kind"), str) else None
    if kind not in ("tensor", "array", "number"):
        words = _WORDS.get(kind or "", f"a {short(told.get('type', 'strange object'), 40)}")
        if kind == "list":
            words = f"a {short(told.get('type', 'list'), 40)} of {short(told.get('length', '?'), 20)}"
        if kind == "large":
            words += f" of shape {short(told.get('shape'), 60)}"
        raise Problem(
            f"{what} returned {words}; {expected} was expected.",
            got=words,
            expected=expected,
            next_step="Look at what the last line of the function returns.",
        )
    name = told.get("array")
    array = arrays.get(name) if isinstance(name, str) else None
    if type(array) is not np.ndarray or array.dtype != np.float64 or list(array.shape) != told.get("shape"):
        raise Problem(
            f"{what} returned something whose numbers cannot be read.",
            next_step="Run the cell again; if this stays, restart the kernel.",
        )
    if finite and not np.isfinite(array).all():
        bad = "nan" if np.isnan(array).any() else "inf"
        raise Problem(
            f"{what} returned {bad} among its numbers; every number should be finite.",
            got=bad,
            expected="finite numbers",
            next_step="Look for a logarithm of zero or of a negative number, or an exponential that overflows.",
        )
    return array


def numbers(logs: object, key: str) -> list[float] | None:
    """The list of floats that a log holds under `key`, or None."""
    value = logs.get(key) if isinstance(logs, dict) else None
    if not isinstance(value, list) or not value or not all(type(v) in (int, float) for v in value):
        return None
    return [float(v) for v in value]


def finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
