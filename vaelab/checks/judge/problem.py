"""What stands between a student and a passed check, as exceptions inside the judge."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Asker(Protocol):
    """Sends a request's JSON and arrays, and gives those of a reply that says "ok"."""

    def __call__(self, json: dict, arrays: dict, /) -> tuple[dict, dict]: ...

    def once(self, what: Hashable, find: Callable[[], T]) -> T:
        """What `find` returns, or the Problem that it raises: found once as long as nothing happens beside the target."""


class Problem(Exception):
    """Why a check does not pass.

    Parameters
    ----------
    message : str
        What was seen, and what it means.
    mistake : str, optional
        Id of a catalogue entry, or of a `plain.Mistake`, if one was recognised; `also` a second one.
    got, expected : str, optional
        Both values in words or digits.
    next_step : str, optional
        What to do now.
    """

    def __init__(self, message, *, mistake=None, also=None, got=None, expected=None, next_step=None):
        super().__init__(message)
        self.message, self.mistake, self.also = message, mistake, also
        self.got, self.expected, self.next_step = got, expected, next_step
        self.bare = None  # of an exception in the student's code: the message without what it means


def with_mistakes(
    sentence: str, ids: Sequence[str | None], *, unnamed: str = ".", next_step: str | None = None, **shown: str
) -> Problem:
    """The Problem that `sentence` says, with the mistakes `ids` (two at most) behind it.

    If there are none, the sentence ends in `unnamed`, and `next_step` is what to do. `shown` are ``got`` and ``expected``.
    """
    mistake, also = [*ids, None, None][:2]
    if mistake:
        return Problem(sentence, mistake=mistake, also=None if also == mistake else also, **shown)
    return Problem(sentence + unnamed, next_step=next_step, **shown)


class NotBegun(Exception):
    """The target is still the stub."""


def printable(text: str) -> str:
    """`text` with a space for everything that cannot be shown."""
    return "".join(c if c.isprintable() else " " for c in text)


def short(value: object, limit: int = 200) -> str:
    """`value` as one printable line of at most `limit` characters."""
    text = value if isinstance(value, str) else repr(value)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text[: 4 * limit])  # Keras prints parts of its errors in bold
    text = " ".join(printable(text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def a_type(name: object) -> str:
    """The type of an object, by its name, as a noun with an article: "None", "a tensor", "an EagerIterator"."""
    name = short(name, 40) if isinstance(name, str) else "strange object"
    known = {"NoneType": "None", "EagerTensor": "a tensor", "ndarray": "a NumPy array", "function": "a function"}
    return known.get(name, f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}")
