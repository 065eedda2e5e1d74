"""Operation ``plain``: call the target with plain values and return what it gives, as plain values."""

import copy
from typing import Any

import numpy as np

from vaelab.checks.student.describe import error_of, is_stub
from vaelab.checks.student.values import Frame, TooLarge, packed, unpacked


def plain(asked: dict, given: dict[str, np.ndarray], target: Any, arrays: dict[str, np.ndarray]) -> dict:
    """Call the target on each of ``asked["cases"]`` (lists of arguments); ``results[i]`` has ``value`` or ``error``.

    ``changed`` lists the arguments that are not afterwards what they were: a function that was asked for a result should not
    have side effects.
    """
    results = []
    for i, case in enumerate(asked["cases"]):
        inputs = [_frames(unpacked(argument, given)) for argument in case]
        before = copy.deepcopy(inputs)
        try:
            value = target(*inputs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if is_stub(error, target):
                raise
            results.append({"error": error_of(error)})
            continue
        try:
            result = {"value": packed(value, arrays, f"value{i}")}
        except TooLarge as why:
            result = {"error": {"type": "ValueError", "text": f"the result is too large: {why}"}}
        results.append({**result, "changed": [j for j, (a, b) in enumerate(zip(before, inputs)) if _differ(a, b)]})
    return {"results": results}


def _frames(value: Any) -> Any:
    """Data frames as pandas has them."""
    if isinstance(value, Frame):
        import pandas

        return pandas.DataFrame({name: column for name, column in value.columns})
    return value


def _differ(a: Any, b: Any) -> bool:
    first, second = {}, {}
    try:
        same = packed(a, first, "x") == packed(b, second, "x")
    except TooLarge:
        return True
    return not same or any(not np.array_equal(first[n], second[n], equal_nan=first[n].dtype.kind == "f") for n in first)
