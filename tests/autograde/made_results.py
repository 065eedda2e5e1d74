"""Results as grading leaves them, made without running anything."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from grading_helpers import answered, as_bytes, mini

from autograde import autograded, job, restore
from autograde.ledger import write_safely
from autograde.report import write_all

ANSWER = "def kl_term(z_mean, z_log_var):\n    return 0.5 * ops.sum(ops.exp(z_log_var) + z_mean**2 - 1.0 - z_log_var, axis=1)\n"


@dataclass
class Student:
    """As much of a submission as the gradebook looks at."""

    student: str = "ada"
    name: str = "Ada Lovelace"
    timestamp: datetime | None = field(default_factory=lambda: datetime(2026, 3, 1, 10))


def result_of(passed, written="An answer.", data=b"1", notes=()):
    """Result and autograded notebook of a submission in which the tests ``passed`` (or not), without running it."""
    verdict = {
        "check": "kl_term.values",
        "passed": passed,
        "message": "It is <b>half</b>.",
        "mistake": None,
        "also": None,
    }
    notebook = answered(written=written)
    assignment = mini()
    restored = restore.restore(as_bytes(notebook), assignment)
    findings = {
        "stopped": None,
        "cells": [{"id": "kl_term", "outputs": []}],
        "checks": {c.id: {"passed": passed, "verdicts": [verdict]} for c in assignment.cells if c.kind == "test"},
    }
    result = {
        "format": job.FORMAT,
        "student": "ada",
        "name": "Ada Lovelace",
        "assignment": "mini",
        "sha256": hashlib.sha256(data).hexdigest(),
        "status": "graded",
        "reason": None,
        "max_score": 8.0,
        "notes": list(notes),
        "late": False,
    }
    result["checks"], result["written"] = job.score(assignment, restored.cells, findings, None)
    return result, autograded.notebook(restored.cells, findings, result)


def graded(student="ada", passed=True, **changes):
    """All of a result, as grading leaves it."""
    result, notebook = result_of(passed)
    result |= {
        "student": student,
        "name": "",
        "usage": {"seconds": 1.0},
        "sandboxed": True,
        "sandbox": "bubblewrap",
        "answers": {},
        "key": student,
        "score": sum(check["points"] for check in result["checks"]),
    }
    return result | changes, notebook


def unreadable(student="eve", reason="The file is a web page."):
    result, notebook = graded(student, False, status="unreadable", reason=reason, score=0)
    for check in result["checks"]:
        check.update(verdicts=[], reason=reason)
    for answer in result["written"]:
        answer["points"] = 0.0
    return result, notebook


def write(out, *entries):
    """Keep results as the grader does, and write what people read of them."""
    for result, notebook in entries:
        write_safely(out / "results" / result["student"] / "mini" / "mini.ipynb", notebook)
    write_all(out, [result for result, _ in entries], {})
    return (out / "report.html").read_text(encoding="utf-8")


def read_by_a_person(result):
    """The result once nothing waits any more."""
    for answer in result["written"]:
        answer["points"] = 2.0
    return result
