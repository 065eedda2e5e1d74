"""The written format of ``result.json``: what grading one submission gave. This docstring and the types below *are* the format.

Format 2. A file is one :class:`Result` in UTF-8 JSON. Points are those of the assignment; seconds are wall-clock; memory is in
bytes; times are ISO 8601 in UTC without a zone. A field that a type marks as ``None`` is there all the same, and null.
Everything that is text may hold what a student wrote: it is data, never markup, and has no lone surrogates.

Written by the job
    ``format, student, assignment, key, sha256, status, reason, score, max_score, checks, written, answers, notes, usage,
    versions, sandboxed, sandbox``. ``key`` names everything that the result depends on: two jobs with one key have one result.
Added by the pipeline, from what intake knows, which may change while the file does not
    ``name, late, timestamp, superseded, receipt, origin, notes_of_intake``; the first ``notes_of_intake`` of the ``notes`` are intake's.

==========  ====================================================================================================
format      what differs
==========  ====================================================================================================
1           checks have no ``kind``: all of them are judged; ``answers`` held what was given, too, and are not read
2           this one
==========  ====================================================================================================

:func:`loads` reads both. Whatever it cannot read it names: the format, and the version of the checks that wrote it.
"""

import json
from typing import Any, Literal, NotRequired, TypedDict, cast

#: The format that is written. A change of it makes every result of an earlier one be graded again.
FORMAT = 2

Status = Literal["graded", "stopped", "unreadable"]

#: ``judged``: a process without the student's code compared numbers that came back from it. ``ordinary``: the test's own code
#: ran in the student's kernel, which could have changed what it saw.
Kind = Literal["judged", "ordinary"]

#: ``(kind, text)``. ``repair``: happens to honest people. ``tampering``: does not.
Note = list[str]


class OtherFormat(ValueError):
    """This result was written by another version of the grader; the message says which."""


class Verdict(TypedDict):
    """What one call of a check said. An ordinary test has one with ``check`` None, if it failed."""

    check: str | None
    passed: bool
    message: str
    status: NotRequired[Literal["passed", "failed", "not_done"]]
    fraction: NotRequired[float]
    points: NotRequired[float]
    got: NotRequired[str | None]
    expected: NotRequired[str | None]
    mistake: NotRequired[str | None]  # ids of the catalogue of mistakes, or of a mistake in a check of plain values
    also: NotRequired[str | None]
    next_step: NotRequired[str | None]
    taught: NotRequired[str | None]
    seed: NotRequired[int]


class Finding(TypedDict):
    """What running one test cell gave: the judge process's word, before points are counted."""

    passed: bool
    verdicts: list[Verdict]
    fraction: NotRequired[float]  # of the cell's points, from 0 to 1, where a test gives part of them
    flag: NotRequired[str]  # what cannot be by accident, and was seen


class Stopped(TypedDict):
    """Where the student's kernel ended before its time (``cell``: a cell's id), and why."""

    cell: str
    why: str


class RanCell(TypedDict):
    """One cell of code as it ran: nbformat's outputs, cut to size."""

    id: str
    outputs: list[dict[str, Any]]
    late: NotRequired[bool]  # whether it was interrupted, since it took longer than a cell may
    malformed: NotRequired[bool]  # whether something that it displayed was no Jupyter message, and was left out
    seconds: float


class Findings(TypedDict):
    """All that the judge process writes when it is done."""

    stopped: Stopped | None
    cells: list[RanCell]
    checks: dict[str, Finding]  # by grade id; a test that did not run has none
    received: NotRequired[int]  # bytes that the student's kernel sent
    stages: NotRequired[dict[str, float]]


class Check(TypedDict):
    """One test cell and its points."""

    grade_id: str
    kind: Kind
    points: float
    max_points: float
    passed: bool
    hidden: bool  # whether the student's notebook lacks it, or a part of it
    verdicts: list[Verdict]
    reason: str | None  # why it did not run


class Written(TypedDict):
    """One written answer. ``points`` None: a person has to read it."""

    grade_id: str
    max_points: float
    points: float | None


class Usage(TypedDict, total=False):
    """What grading took; empty for what was unreadable."""

    seconds: float
    kernel_seconds: float
    peak_memory: int
    judge_memory: int
    processes: int
    output: int
    stages: dict[str, float]
    cold: str  # why sandboxes could not be forked


class Versions(TypedDict):
    """``checks`` and ``assignment`` are the first twelve digits of digests."""

    python: str
    checks: str
    assignment: str


class Result(TypedDict):
    """One submission, graded."""

    format: int
    student: str
    assignment: str
    key: str
    sha256: str  # of the submitted file
    status: Status
    reason: str | None  # for people: why it was stopped or could not be read
    score: float  # of the checks; written answers are the gradebook's
    max_score: float
    checks: list[Check]
    written: list[Written]
    answers: dict[str, str]  # the student's own code by solution cell, without what was given, cut to size
    notes: list[Note]
    usage: Usage
    versions: Versions
    sandboxed: bool
    sandbox: NotRequired[
        str
    ]  # which one: :attr:`autograde.isolation.sandbox.Sandbox.name`; "none" where nothing isolated it
    name: NotRequired[str]
    late: NotRequired[bool]
    timestamp: NotRequired[str | None]
    superseded: NotRequired[list[str]]
    receipt: NotRequired[dict[str, str]]
    origin: NotRequired[dict[str, str]]  # what an LMS wants back: system, number, name, prefix
    notes_of_intake: NotRequired[int]


def loads(text: str) -> Result:
    """The result in ``text``, brought to the present format.

    Raises :class:`OtherFormat` for a format that this version does not know, ValueError for what is no result.
    """
    result = json.loads(text)
    if not isinstance(result, dict) or "format" not in result:
        raise ValueError("this is not a result of the grader: it has no format")
    if result["format"] == 1:
        for check in result["checks"]:
            check["kind"] = "judged"
        result["answers"] = {}
    elif result["format"] != FORMAT:
        versions = result.get("versions")
        checks = versions.get("checks") if isinstance(versions, dict) else None
        raise OtherFormat(
            f"this result has format {result['format']}, written by another version of the grader (checks "
            f"{checks or 'unknown'}); this one reads formats 1 and {FORMAT}. Grade again, or use that version."
        )
    # Results from before there were two have no ``sandbox``.
    result = {"sandbox": "bubblewrap" if result.get("sandboxed") else "none", **result, "format": FORMAT}
    return cast(Result, result)


def dumps(result: Result) -> str:
    """``result`` as it is written to the disk."""
    return json.dumps(result, indent=1) + "\n"
