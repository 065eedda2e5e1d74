"""Reading a probe's reply as what it may be: data from a hostile process.

Nothing of a reply is used before this module has said that it has the right form, the
right shape and only finite numbers. Whatever is wrong becomes a `Problem`, one sentence
for the student; the judge never crashes on a reply.
"""

import math
import re

import numpy as np

from vaelab.checks.message import PROTOCOL


class Problem(Exception):
    """Why a check does not pass.

    Parameters
    ----------
    message : str
        What was seen, and what it means.
    mistake : str, optional
        Id of a catalogue entry, if one was recognised; `also` a second one.
    got, expected : str, optional
        Both values in words or digits.
    next_step : str, optional
        What to do now.
    """

    def __init__(self, message, *, mistake=None, also=None, got=None, expected=None, next_step=None):
        super().__init__(message)
        self.message, self.mistake, self.also = message, mistake, also
        self.got, self.expected, self.next_step = got, expected, next_step


class NotBegun(Exception):
    """The target is still the stub."""


def printable(text):
    """`text` with a space for everything that cannot be shown."""
    return "".join(c if c.isprintable() else " " for c in text)


def short(value, limit=200):
    """`value` as one printable line of at most `limit` characters."""
    text = value if isinstance(value, str) else repr(value)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text[: 4 * limit])  # Keras prints parts of its errors in bold
    text = " ".join(printable(text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def opened(reply, name):
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


#: A place in AutoGraph's list of them: the file, a star if it is code that was traced, and the line.
_PLACE = re.compile(r'\s*File "([^"\n]*)", line \d+, in \S*(?: +(\*+))?\n(.*)(?:\n|$)')


def _reason(text, kind):
    """``(reason, line)`` of an error inside tf.function: without the places that AutoGraph lists, and the student's last line."""
    before, listed, after = text[:4000].partition("in user code:")
    place, line = _PLACE.match(after), ""
    while place:
        if place[2] == "*" and "-packages" not in place[1]:
            line = short(place[3], 120)
        after = after[place.end() :]
        place = _PLACE.match(after)
    after = after.strip()
    return f"{before}{'' if after.startswith('File ') else after.removeprefix(f'{kind}: ')}" if listed else text, line


def raised(error, what, when=""):
    """A Problem for an exception in the student's code."""
    error = error if isinstance(error, dict) else {}
    kind, text = short(error.get("type", "an exception"), 60), error.get("text", "")
    if kind == "TooLarge":  # of `vaelab.checks.student.trace`: nothing was raised
        return Problem(
            f"{what} was not run{when}: {short(text, 300)}",
            got="too many weights",
            expected="a smaller model",
            next_step="See in model.summary() which layer has most of them: "
            "strides or pooling leave a dense layer fewer positions.",
        )
    called = f"tf.function({what})" if "tf.function" in when else "it"
    next_step = f"Call {called} yourself in a new cell to see the whole traceback."
    if kind == "NotImplementedError" and not text:
        next_step = (
            "Keras raises this where a method is not written, or where Keras 3 has none any more: a finished model's "
            "add_loss takes no tensors, for instance. " + next_step
        )
    reason, line = _reason(text, kind) if isinstance(text, str) else (text, "")
    when += f", at `{line}`" if line else ""
    text = short(reason, 300).partition(" Arguments received by")[0]  # Keras goes on with the values of all arguments
    text = re.sub(r"\{\{.*?\}\} ?| \[Op:\w*\].*", "", text)  # TensorFlow's own names for the place
    return Problem(
        f"{what} raised {kind}{when}: {text}" if text else f"{what} raised {kind}{when}.", got=kind, next_step=next_step
    )


def item(container, key, kind):
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


_WORDS = {
    "none": "None",
    "symbolic": "a symbolic tensor, which holds no numbers",
    "list": "a list",
    "large": "an enormous array",
}


def tensor(told, arrays, what, *, finite=True):
    """The float64 array behind a description, if it is a tensor or array of numbers."""
    told = told if isinstance(told, dict) else {}
    kind = told.get("kind") if isinstance(told.get("kind"), str) else None
    if kind not in ("tensor", "array", "number"):
        words = _WORDS.get(kind, f"a {short(told.get('type', 'strange object'), 40)}")
        if kind == "list":
            words = f"a {short(told.get('type', 'list'), 40)} of {short(told.get('length', '?'), 20)}"
        if kind == "large":
            words += f" of shape {short(told.get('shape'), 60)}"
        raise Problem(
            f"{what} returned {words}; a tensor of numbers was expected.",
            got=words,
            expected="a tensor",
            next_step="Look at what the last line of the function returns.",
        )
    array = arrays.get(told.get("array")) if isinstance(told.get("array"), str) else None
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


def numbers(logs, key):
    """The list of floats that a log holds under `key`, or None."""
    value = logs.get(key) if isinstance(logs, dict) else None
    if not isinstance(value, list) or not value or not all(type(v) in (int, float) for v in value):
        return None
    return [float(v) for v in value]


def finite(value):
    return value is not None and math.isfinite(value)
