"""Checks that say what is wrong, in two layers that never mix.

A test cell is one line::

    from vaelab.checks import check
    check("kl_term.values", kl_term)

**probe** (`vaelab.checks.student.probe`) runs beside the student's code. It is asked to call the
function or to build and run the model, and returns arrays and plain JSON. It decides
nothing and holds no expected value.

**judge** (`vaelab.checks.judge` and the modules it imports) draws the inputs, writes the
request, reads the reply as hostile data, and gives a verdict. It uses NumPy and JSON
only and never imports TensorFlow.

The boundary between them is one call::

    reply = target.probe(request)

where ``request`` and ``reply`` are *messages*: ``{"json": <plain JSON object>, "arrays":
{name: numpy array}}``, both with ``json["protocol"] == PROTOCOL``. `vaelab.checks.message`
packs a message into bytes and back, without pickle and within a size limit.

A probe's reply can be believed as far as the judge can compute what is right. Where any
of many answers is right, as with an encoder, it cannot; so there the probe only hands over
*what* the student's model computes, as graphs (`vaelab.checks.student.trace`), and a second call ::

    reply = target.replay(request)

has them run where no student's code has run (`vaelab.checks.replay`). A reply to that says
what the graphs really do; the graphs themselves are hostile data.

In the student's notebook all of this runs in one process: ``check`` wraps the student's
object and calls probe and replay directly. In a grader, the judge's process calls the same
`check` with a `RemoteTarget`. Its ``probe`` ships the request to the sandbox that holds the
student's object, runs ``vaelab.checks.student.probe.run(request, target)`` there and brings the
reply back; its ``replay`` does so with another sandbox, in which nothing of the student's
has been executed, and ``vaelab.checks.replay.run(request)``. Only this file, ``message.py``,
``probe.py``, ``trace.py`` and ``replay.py`` need to be readable in those sandboxes:
everything else is imported when ``check`` is called, not before.
"""

import os
import textwrap

from vaelab.checks.message import PROTOCOL

__all__ = ["PROTOCOL", "CheckFailed", "RemoteTarget", "check"]


class RemoteTarget:
    """A student's object that lives in another process: the transport of a grader.

    Subclass it and define ``probe`` and ``replay``. Nothing else of the object is ever used.

    Parameters
    ----------
    name : str
        The name of the student's object, for instance ``"kl_term"``.
    remembered : dict, optional
        What checks have found out about the object. Whoever passes it on from one check to the next
        vouches that no code but the checks' own has run beside the object in between.
    """

    remembered = None

    def __init__(self, name, remembered=None):
        self.name, self.remembered = name, remembered

    def probe(self, request):
        """Send `request` to the probe beside the student's object; return its reply.

        A transport that fails (dead kernel, time out, oversized reply) raises
        `ProbeError` with one sentence for the student.
        """
        raise NotImplementedError("a transport defines probe(request) -> reply")

    def replay(self, request):
        """Run ``vaelab.checks.replay.run(request)`` where no student's code has run; return its reply.

        `request` holds what the student's process sent, so that this, too, may fail in any
        way: it raises `ProbeError` like ``probe``.
        """
        raise NotImplementedError("a transport defines replay(request) -> reply")


class ProbeError(Exception):
    """The probe could not be reached, or answered nothing that can be read."""


class CheckFailed(AssertionError):
    """A check did not pass. `verdict` says what was seen, as plain JSON data.

    IPython shows the short message only: a traceback through the checks' own files
    would tell a student nothing about theirs.
    """

    def __init__(self, verdict):
        super().__init__(f"{verdict['check']}: {verdict['message']}")
        self.verdict = verdict

    def _render_traceback_(self):
        """The lines that a notebook shows in red, under the panel; nbgrader's Validate shows nothing else."""
        name = type(self).__name__
        if not os.environ.get("NBGRADER_EXECUTION"):
            return [f"{name}: {self.verdict['check']} does not pass: see above."]
        labels = (("Got", "got"), ("Expected", "expected"), ("Next step", "next_step"))
        lines = [
            f"{name}: {self}",
            *(f"{label}: {self.verdict[key]}" for label, key in labels if self.verdict.get(key)),
        ]
        return [part for line in lines for part in textwrap.wrap(line, 70)]  # nbgrader cuts longer ones


class NotDone(CheckFailed, NotImplementedError):
    """The stub is still a stub. Shown as what it is, a NotImplementedError."""

    def __init__(self, verdict):
        CheckFailed.__init__(self, verdict)


# The first error of a released notebook is the stub's own, under its own name.
NotDone.__name__ = NotDone.__qualname__ = "NotImplementedError"


#: The latest verdict of each check in this process, by id: for `vaelab.progress`.
LATEST = {}


def check(check_id, target, *, seed=None):
    """Run one check, show its verdict, and raise if it does not pass.

    Parameters
    ----------
    check_id : str
        For instance ``"kl_term.values"``; `vaelab.checks.points` lists them all.
    target : object or RemoteTarget
        The student's function; in a grader, the handle of one.
    seed : int, optional
        Where the inputs are drawn from. By default a fresh one each time; every verdict
        records the one it used, so that a failure can be looked at again.

    Returns
    -------
    None
        nbgrader reads whatever a test cell returns as points, so nothing is returned.

    Raises
    ------
    CheckFailed
        With the verdict; a NotImplementedError as well if the exercise is not begun.
    ValueError
        If there is no such check.
    """
    from vaelab.checks import judge, panel

    verdict = judge.judge(check_id, target, seed=seed)
    LATEST[check_id] = verdict
    panel.show(verdict)
    if verdict["status"] == "not_done":
        raise NotDone(verdict) from None
    if not verdict["passed"]:
        raise CheckFailed(verdict) from None
