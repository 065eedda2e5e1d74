"""Grade one submission: (file, assignment, limits) -> result and autograded notebook.

A pure function as far as the rest of the world can see: it reads no files but the
course's own, writes none that outlive it, and knows no gradebook. :mod:`autograde.supervise`
starts the processes that read, run and judge, and watches all.
"""

import functools
import hashlib
import json
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograde import alike, autograded, match, supervise
from autograde.cells import Assignment
from autograde.isolation import pool, shown
from autograde.isolation.limits import Limits, SandboxMissing
from autograde.isolation.sandbox import chosen
from autograde.restore import Restored, RestoredCell, of_the_assignment
from autograde.result import FORMAT, Check, Findings, Result, Written
from autograde.submitted import Damaged, printable
from autograde.supervise import GraderFailure

#: Of each solution cell, this many characters are kept in the result, to compare answers: comparing takes quadratic time.
MAX_ANSWER = 5000


@dataclass(frozen=True)
class Job:
    """All that grading one submission depends on.

    ``data`` is the submitted file, or nothing, and ``problem`` why; ``sandboxed=False`` runs it unprotected. ``hidden`` are
    folders and files that no student's code may see, wherever they lie.
    """

    student: str
    assignment: Assignment
    data: bytes
    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    problem: str | None = None
    hidden: tuple[str, ...] = ()
    #: ``(path, content)`` of what lies beside the notebook while it runs.
    files: tuple[tuple[str, bytes], ...] = ()
    #: What kernels import beforehand, which changes no result; None: what this course's notebooks do.
    imports: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """Two jobs with the same key have the same result."""
        parts = [
            str(FORMAT),
            self.student,
            self.assignment.version,
            checks_version(),
            json.dumps(asdict(self.limits), sort_keys=True),
            str(self.sandboxed),
            self.problem or "",
            *(f"{path} {hashlib.sha256(content).hexdigest()}" for path, content in self.files),
        ]
        digest = hashlib.sha256("\0".join([*parts, ""]).encode())
        digest.update(self.data)
        return digest.hexdigest()


@functools.cache
def checks_version() -> str:
    """A digest of the source of the checks that this process runs: results of others are not ours."""
    import vaelab.checks

    folder = Path(vaelab.checks.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def grade(job: Job) -> tuple[Result, str]:
    """Grade ``job``; returns the result and the text of an ``.ipynb``.

    Raises :class:`GraderFailure` when no mark can be given for reasons that are not the
    student's, and :class:`~autograde.isolation.limits.SandboxMissing`.
    """
    try:
        return _graded(job)
    except (GraderFailure, SandboxMissing, OSError):
        raise
    except Exception as error:  # nothing is known that does this; nobody's mark and no worker may depend on that
        raise GraderFailure(f"{type(error).__name__}: {error}") from error


def _graded(job: Job) -> tuple[Result, str]:
    started = time.monotonic()
    shown.hide(job.hidden)
    pool.preload(job.imports)
    if job.sandboxed and job.assignment.replays:
        pool.get_ready(pool.REPLAYER)
    result = _begun(job)
    restored = _read(job, result)
    read = time.monotonic()
    findings: Findings = {"stopped": None, "checks": {}, "cells": []}
    if result["status"] != "unreadable":
        findings, result["usage"] = supervise.run(restored.cells, job.limits, job.sandboxed, files=job.files)
        match.explain(findings, restored.below, job.assignment)
        if findings["stopped"]:
            where, why = _called(restored.cells, findings["stopped"]["cell"]), findings["stopped"]["why"]
            result.update(status="stopped", reason=f"The notebook was stopped{where}: {why}.")
    judged = time.monotonic()
    _complete(result, job, restored, findings)
    notebook = autograded.notebook(restored.cells, findings, result)
    # Of the seconds, those of each stage; the rest went into starting and ending sandboxes.
    usage = result["usage"]
    usage["stages"] = {
        "intake": round(read - started, 3),
        **usage.get("stages", {}),
        "write": round(time.monotonic() - judged, 3),
    }
    usage["seconds"] = round(time.monotonic() - started, 3)
    return _writable(result), notebook


def _begun(job: Job) -> Result:
    """A result of which nothing is known yet."""
    return {
        "format": FORMAT,
        "student": job.student,
        "assignment": job.assignment.name,
        "key": job.key,
        "sha256": hashlib.sha256(job.data).hexdigest(),
        "status": "graded",
        "reason": None,
        "score": 0.0,
        "max_score": job.assignment.max_score,
        "checks": [],
        "written": [],
        "answers": {},
        "notes": [],
        "usage": {},
        "versions": {
            "python": sys.version.split()[0],
            "checks": checks_version()[:12],
            "assignment": job.assignment.version[:12],
        },
        "sandboxed": job.sandboxed,
        "sandbox": chosen().name if job.sandboxed else "none",
    }


def _read(job: Job, result: Result) -> Restored:
    """The submitted cells; of a file that cannot be read the assignment's own, and ``result`` says why."""
    try:
        if job.problem:
            raise Damaged(job.problem)
        restored = supervise.read(job.data, job.assignment, job.sandboxed)
    except Damaged as damage:
        result.update(status="unreadable", reason=str(damage))
        says = f"**This submission could not be read.** {damage}"
        cells = [_shown_cell("unreadable", "markdown", says)]
        mine = {cell.id: cell for cell in job.assignment.cells}
        for number, (name, cell_type, text) in enumerate(job.assignment.layout):
            if name is None:
                cells.append(_shown_cell(f"given-{number}", cell_type, text))
            else:
                cells.append(of_the_assignment(mine[name], _shown_cell(name, cell_type, mine[name].source)))
        return Restored(cells)
    result["notes"] = [list(note) for note in restored.notes]
    return restored


def _shown_cell(name: str, cell_type: str, text: str) -> RestoredCell:
    return {
        "id": name,
        "grade_id": None,
        "cell_type": cell_type,
        "test": False,
        "source": text,
        "shown": text,
        "attachments": {},
        "nbgrader": None,
        "ordinary": None,
    }


def _complete(result: Result, job: Job, restored: Restored, findings: Findings) -> None:
    """Put points, answers and notes into ``result``."""
    result["checks"], result["written"] = score(
        job.assignment, restored.cells, findings, result["reason"], restored.beside
    )
    result["score"] = sum(check["points"] for check in result["checks"])
    if result["status"] == "unreadable":
        for answer in result["written"]:  # what was done for a task, too, is not there: no person can mark it
            answer["points"] = 0.0
    else:
        answers = alike.own_code(restored.cells, job.assignment)
        result["answers"] = {name: code[:MAX_ANSWER] for name, code in answers.items()}
    flags = {name: found["flag"] for name, found in findings["checks"].items() if "flag" in found}
    result["notes"] += [["tampering", f"{name}: {text}"] for name, text in flags.items()]
    tests = {check["grade_id"] for check in result["checks"]}
    late = [cell["id"] for cell in findings["cells"] if cell.get("late") and cell["id"] not in tests]
    most = f"after {job.limits.cell or 0:g} seconds, the most that the course gives a cell"
    result["notes"] += [["repair", f"interrupted{_called(restored.cells, name)} {most}"] for name in late[:10]]
    odd = [cell["id"] for cell in findings["cells"] if cell.get("malformed")]
    result["notes"] += [
        ["repair", f"what was no Jupyter message was left out{_called(restored.cells, name)}"] for name in odd[:10]
    ]


def _writable(result: Result) -> Result:
    """``result`` as UTF-8 can hold it: no text of a student's may fail where all results meet."""
    text = json.dumps(result, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace"))


def _called(cells: Sequence[RestoredCell], cell_id: str) -> str:
    """ " at cell " and what people would call it: its name, or how it begins; nothing where there is no such cell."""
    cell = next((cell for cell in cells if cell["id"] == cell_id), None)
    if cell is None:
        return ""
    first = printable(cell["source"].strip()[:61].split("\n")[0])
    begins = f"{first[:60]}{'…' if len(first) > 60 else ''}"
    return f" at cell {cell['grade_id'] or f'“{begins}”'}"


def _source(cells: Sequence[RestoredCell], grade_id: str) -> str:
    return next((cell["source"] for cell in cells if cell["grade_id"] == grade_id), "")


def score(
    assignment: Assignment,
    cells: Sequence[RestoredCell],
    findings: Findings,
    reason: str | None,
    beside: Collection[str] = (),
) -> tuple[list[Check], list[Written]]:
    """Points of each test cell, and the written cells (points None: a person decides)."""
    checks: list[Check] = []
    written: list[Written] = []
    for cell in assignment.cells:
        if cell.kind == "test":
            found = findings["checks"].get(cell.id)
            passed = found is not None and found["passed"] is True
            fraction = found.get("fraction", float(passed)) if found else 0.0
            checks.append(
                {
                    "grade_id": cell.id,
                    "kind": "judged" if cell.judged else "ordinary",
                    "points": round(cell.points * fraction, 6),
                    "max_points": cell.points,
                    "passed": passed,
                    "hidden": cell.hidden,
                    "verdicts": found["verdicts"] if found else [],
                    "reason": None if found else reason,
                }
            )
        elif cell.kind == "task":
            written.append({"grade_id": cell.id, "max_points": cell.points, "points": None})
        elif cell.kind == "written":
            untouched = _source(cells, cell.id).strip() == cell.source.strip() and cell.id not in beside
            written.append({"grade_id": cell.id, "max_points": cell.points, "points": 0.0 if untouched else None})
    return checks, written
