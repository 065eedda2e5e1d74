"""Plain Python values as JSON and arrays, and back: numbers, strings, lists, dictionaries, arrays, data frames as columns.

JSON alone loses what a check must see: a tuple is no list, 1 is no 1.0, and keys need not be strings. So what JSON has no form
for is an object with one tag:

=====================  =================================================================
``{"tuple": [...]}``   also ``list``, ``set``
``{"dict": [[k, v]]}`` in the order that it has
``{"float": "nan"}``   what JSON has no number for; ``{"int": "…"}`` for large ones
``{"array": "name"}``  an array of numbers, in the message's ``arrays``
``{"frame": [[column, values], …]}``  a data frame of pandas; ``series`` is one of its columns
``{"other": "name"}``  a value of any other type: its type's name, and nothing of it
=====================  =================================================================

Both sides use this module. A reply that is read with :func:`unpacked` may come from a hostile process.
"""

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from vaelab.checks.message import DTYPES

#: A value has at most this many parts, this deep; a string this many characters; an array this many numbers.
MAX_PARTS, MAX_DEPTH, MAX_STRING, MAX_NUMBERS = 50_000, 20, 100_000, 500_000

#: Containers, and how to read one whose class is derived from it, whatever that class has overridden.
CONTAINERS: dict[type, Any] = {
    dict: dict.items,
    list: list.__iter__,
    tuple: tuple.__iter__,
    set: set.__iter__,
    frozenset: frozenset.__iter__,
}

EXACT = 2**53  # integers beyond are written out, because some readers of JSON take them for floats


class TooLarge(ValueError):
    """A value has more parts than are sent."""


class Other(NamedTuple):
    """A value of a type that does not cross: only the type's name does."""

    type: str


class Frame(NamedTuple):
    """A data frame: ``columns`` are ``(name, values)``."""

    columns: tuple[tuple[Any, Any], ...]


def packed(value: Any, arrays: dict[str, np.ndarray], name: str) -> Any:
    """JSON for `value`; its arrays are added to `arrays`, under names that begin with `name`. Raises `TooLarge`.

    Types are compared with ``type(value)``: a class of the student's own could say that it is another. What is made of a container
    (a Counter, a named tuple) is that container, read by its own methods.
    """
    return _Packer(arrays, name).pack(value, 0)


class _Packer:
    def __init__(self, arrays: dict[str, np.ndarray], name: str):
        self.arrays, self.name, self.parts = arrays, name, 0

    def pack(self, value: Any, depth: int) -> Any:
        self.parts += 1
        if self.parts > MAX_PARTS or depth > MAX_DEPTH:
            raise TooLarge(f"a value of more than {MAX_PARTS} parts, or nested more than {MAX_DEPTH} deep")
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is str:
            return value[:MAX_STRING].encode("utf-8", "replace").decode()
        if kind is int:
            return value if abs(value) < EXACT else {"int": hex(value)[:MAX_STRING]}
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if kind in (list, tuple):
            return {kind.__name__: [self.pack(one, depth + 1) for one in value]}
        if kind in (set, frozenset):
            return {"set": [self.pack(one, depth + 1) for one in value]}
        if kind is dict:
            return {"dict": [[self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in value.items()]}
        return self._of_libraries(value, kind, depth)

    def _of_libraries(self, value: Any, kind: type, depth: int) -> Any:
        if kind is np.ndarray:
            return self._array(value, depth)
        if kind is Frame:
            return {
                "frame": [[self.pack(name, depth + 1), self.pack(column, depth + 1)] for name, column in value.columns]
            }
        if issubclass(kind, np.generic) and kind.__module__ == "numpy":
            return self.pack(value.item(), depth) if kind is not np.longdouble else {"other": kind.__name__}
        pandas = sys.modules.get("pandas")  # who has not imported it has no data frame
        if pandas is not None and kind is pandas.DataFrame:
            columns = [
                [self.pack(name, depth + 1), self._array(value[name].to_numpy(), depth)] for name in value.columns
            ]
            return {"frame": columns}
        if pandas is not None and kind is pandas.Series:
            return {"series": self._array(value.to_numpy(), depth)}
        for base, read in CONTAINERS.items():
            if issubclass(kind, base):
                return self.pack(base(read(value)), depth)
        return {"other": kind.__name__[:80]}

    def _array(self, value: np.ndarray, depth: int) -> Any:
        if value.dtype.name not in DTYPES:
            return self.pack(value.tolist(), depth + 1)
        if value.size > MAX_NUMBERS:
            raise TooLarge(f"an array of {value.size} numbers")
        name = f"{self.name}.{len(self.arrays)}"
        self.arrays[name] = value
        return {"array": name}


def unpacked(tree: Any, arrays: dict[str, np.ndarray], depth: int = 0) -> Any:
    """The value that `packed` made `tree` of; a data frame is a `Frame`, a column an array. Raises ValueError for what is none."""
    if depth > 2 * MAX_DEPTH + 4:
        raise ValueError("nested too deep")
    if tree is None or isinstance(tree, bool | str | int | float):
        return tree
    if not isinstance(tree, dict) or len(tree) != 1:
        raise ValueError("no value has this form")
    ((tag, inside),) = tree.items()
    if tag == "int" and isinstance(inside, str):
        return int(inside, 16)
    if tag == "float" and inside in ("nan", "inf", "-inf"):
        return float(inside)
    if tag == "other" and isinstance(inside, str):
        return Other(inside[:80])
    if tag == "array" and isinstance(inside, str) and inside in arrays:
        return arrays[inside]
    if tag == "series":
        return unpacked(inside, arrays, depth + 1)
    if tag in ("list", "tuple", "set") and isinstance(inside, list):
        values = [unpacked(one, arrays, depth + 1) for one in inside]
        return _hashed(values) if tag == "set" else tuple(values) if tag == "tuple" else values
    if tag in ("dict", "frame") and isinstance(inside, list):
        pairs = [(unpacked(k, arrays, depth + 1), unpacked(v, arrays, depth + 1)) for k, v in map(_pair, inside)]
        return (
            Frame(tuple(pairs))
            if tag == "frame"
            else dict(zip(_hashed([k for k, _ in pairs], list), [v for _, v in pairs]))
        )
    raise ValueError("no value has this form")


def _pair(value: Any) -> Any:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("no pair of a key and a value")
    return value


def _hashed(values: list, into: type = set) -> Any:
    try:
        return into(values) if into is set else [value for value in values if hash(value) is not None]
    except TypeError:
        raise ValueError("a list is no key") from None
