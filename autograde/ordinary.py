"""Ordinary tests: nbgrader's own kind, whose code runs in the student's kernel after the student's code.

Asserts, helpers, hidden tests, part of the points by a number that the last line gives: as in nbgrader, with two differences.
What is written to stderr costs nothing, and a number that is none of 0 … points is no full mark.

Such a test shares a process with the code it tests. Code that is out to deceive can change what the test sees (``==``, a
module's functions) and nobody can tell. What can be told is whether a failing test is still seen to fail: before and after
each test a line that must fail is run, with a word in it that nobody knows before (:func:`still_fails`). Where one does not
fail, nothing that passes is believed, and the result says so.

What a kernel says of a failing test is the student's word, and may hold any text that was in its reach. So once a hidden test has
been in it, no message of it gets into feedback, but for the name of an exception that Python itself has.
"""

import builtins
import inspect
import math
import secrets
from typing import Any, Protocol

from autograde.outputs import Outputs
from autograde.result import Finding, Verdict

#: A message in feedback has at most this many characters.
MAX_MESSAGE = 500

#: Names of Python's own exceptions, but for that of every failed assert.
EXCEPTIONS = {
    name for name, value in inspect.getmembers(builtins, inspect.isclass) if issubclass(value, BaseException)
} - {"AssertionError"}

SILENCED = "Something in this notebook keeps failing tests from being seen, so no test can pass in it."

LATE = "This test was interrupted: it took longer than the course gives one cell."
LATE_STEP = "Look for a loop that does not end, or try your code with a larger input and see how the time grows."


class Kernel(Protocol):
    """What :class:`autograde.kernel_client.Kernel` offers."""

    def run(self, code: str, silent: bool = False) -> tuple[Outputs, dict[str, Any]]: ...


#: Lines that must fail: an assert, and an error that is raised. Which runs before a test and which after it is drawn each time.
FAILING = ("assert not {0!r}, {0!r}", "raise AssertionError({0!r})")


def still_fails(kernel: Kernel, line: str) -> bool:
    """Whether one of :data:`FAILING` is seen to fail."""
    word = secrets.token_hex(16)
    _, reply = kernel.run(line.format(word), silent=True)
    return (reply.get("status"), reply.get("ename"), reply.get("evalue")) == ("error", "AssertionError", word)


def run(source: str, points: float, kernel: Kernel, shown: bool) -> tuple[Finding, Outputs]:
    """Run the test cell ``source``, worth ``points``; returns what it gave and what it displayed.

    ``shown``: whether the student may read what the test said. Raises what the kernel raises when it ends.
    """
    before, after = secrets.SystemRandom().sample(FAILING, 2)
    honest = still_fails(kernel, before)
    outputs, reply = kernel.run(source)
    honest = still_fails(kernel, after) and honest
    error = next((item for item in outputs.items if item["output_type"] == "error"), None)
    if not honest:
        return {"passed": False, "fraction": 0.0, "flag": SILENCED, "verdicts": [_verdict(SILENCED)]}, outputs
    if outputs.late:
        return {"passed": False, "fraction": 0.0, "verdicts": [_verdict(LATE, LATE_STEP)]}, outputs
    if error is not None or reply.get("status") != "ok":
        said = error or reply
        failed = _failed(str(said.get("ename") or ""), str(said.get("evalue") or ""), shown)
        return {"passed": False, "fraction": 0.0, "verdicts": [failed]}, outputs
    return _scored(outputs.result, points), outputs


def _scored(result: str | None, points: float) -> Finding:
    """Full points, or the part that a number as the cell's result says; text is no number, and none is needed."""
    try:
        value = float(result) if result is not None else points
    except ValueError:
        value = points
    if not 0 <= value <= points or math.isnan(value):
        text = f"The test gave {value:g}, which is no number of points from 0 to {points:g}."
        return {"passed": False, "fraction": 0.0, "flag": text, "verdicts": [_verdict(text)]}
    fraction = value / points if points else 1.0
    verdicts = [] if fraction == 1 else [_verdict(f"The test gave {value:g} of {points:g} points.")]
    return {"passed": fraction == 1, "fraction": fraction, "verdicts": verdicts}


def _failed(name: str, text: str, shown: bool) -> Verdict:
    if shown:
        message = f"{name}: {text}" if text else name
        step = "Run the cell of this test in your notebook, from the top: it shows the same error, and where it comes from."
    else:
        message = f"A test did not pass ({name})." if name in EXCEPTIONS else "A test did not pass."
        step = "Some of its tests are hidden. Read the exercise again, and try your code with other sizes and unusual values."
    verdict = _verdict(message[:MAX_MESSAGE], step)
    if name == "NotImplementedError":
        verdict["status"] = "not_done"
    return verdict


def _verdict(message: str, next_step: str | None = None) -> Verdict:
    return {"check": None, "passed": False, "status": "failed", "message": message, "next_step": next_step}
