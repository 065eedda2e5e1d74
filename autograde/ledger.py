"""What has become of every submission, on disk, so that any interruption can be resumed.

An output folder holds::

    ledger.jsonl                                     one line for each change of state
    results/STUDENT/NAME/{result.json,NOTEBOOK.ipynb} what grading gave
    autograded/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb     what formgrader shows (nbgrader's layout)
    feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html        what the student gets (nbgrader's layout)
    gradebook.db                                     nbgrader's gradebook

NAME is a notebook's name (:mod:`autograde.course`), which is what a submission's ``assignment`` holds.

A submission is ``queued``, ``running``, ``done`` (its result is safely on disk),
``recorded`` (the gradebook has it) or ``failed`` (the grader's fault: no mark). A line
is written before what it announces is begun and after what it reports is safe.
"""

import contextlib
import fcntl
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from autograde import result
from autograde.cells import folder_of, stem_of
from autograde.intake import Submission
from autograde.result import Result

#: A student and a notebook's name.
Key = tuple[str, str]


class Busy(RuntimeError):
    """Another grader is at work in this folder."""


def write_safely(path: str | Path, content: str | bytes) -> None:
    """Write a file (text, or bytes) so that after a crash it is the old one or the new one, never a part."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with open(unfinished, "wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Ledger:
    """The ledger of an output folder; a context manager, which one process at a time may hold."""

    def __init__(self, out: str | Path) -> None:
        self.out = Path(out)
        self.states: dict[Key, dict[str, Any]] = {}  # the last line of each
        #: When each of its files was graded, and the file's SHA-256, in the order of grading.
        self.graded: defaultdict[Key, list[tuple[datetime, str]]] = defaultdict(list)

    def __enter__(self) -> Self:
        """Raises :class:`Busy`."""
        self.out.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.out / "ledger.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise Busy(f"another grader is at work in {self.out}; wait for it, or use another --out.") from None
        content = (self.out / "ledger.jsonl").read_bytes()
        for line in content.splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # the line that a crash cut short
                self._remember(json.loads(line))
        if content and not content.endswith(b"\n"):
            os.write(self._file, b"\n")
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._file)

    def note(self, submission: Submission, state: str, key: str | None, **facts: object) -> None:
        """Append one line and wait until it is on the disk."""
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "student": submission.student,
            "assignment": submission.assignment,
            "state": state,
            "key": key,
            **facts,
        }
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        written = os.write(self._file, line)
        if written < len(line):  # the disk is full: the rest of the line would raise ENOSPC
            os.write(self._file, line[written:])
        os.fsync(self._file)
        self._remember(entry)

    def _remember(self, entry: dict[str, Any]) -> None:
        of = entry["student"], entry["assignment"]
        self.states[of] = entry
        if entry["state"] == "done":
            file, graded = entry.get("sha256", entry["key"]), self.graded[of]
            if not graded or graded[-1][1] != file:  # else it is the same file, by other checks
                graded.append((datetime.fromisoformat(entry["time"]), file))

    def state(self, submission: Submission, key: str) -> str:
        """The state of exactly this job: ``queued`` if what is known is about another version of it."""
        entry = self.states.get((submission.student, submission.assignment))
        if entry is None or entry["key"] != key:
            return "queued"
        if entry["state"] in ("done", "recorded"):
            try:
                if self.result(submission)["key"] == key and self.notebook(submission).is_file():
                    return entry["state"]
            except (OSError, ValueError, KeyError, TypeError):
                pass
            return "queued"
        return entry["state"]

    def folder(self, submission: Submission) -> Path:
        return self.out / "results" / submission.student / submission.assignment

    def notebook(self, submission: Submission) -> Path:
        return self.folder(submission) / f"{stem_of(submission.assignment)}.ipynb"

    def autograded(self, submission: Submission) -> Path:
        folder = self.out / "autograded" / submission.student / folder_of(submission.assignment)
        return folder / f"{stem_of(submission.assignment)}.ipynb"

    def result(self, submission: Submission) -> Result:
        return result.loads((self.folder(submission) / "result.json").read_text(encoding="utf-8"))

    def keep(self, submission: Submission, graded: Result, notebook: str) -> None:
        """Put a result on disk, then say that it is done."""
        write_safely(self.notebook(submission), notebook)
        write_safely(self.folder(submission) / "result.json", result.dumps(graded))
        self.note(submission, "done", graded["key"], sha256=graded["sha256"])

    def results(self) -> Iterator[Result]:
        """The results of everything that is graded, one at a time: the notebooks of a student's assignment side by side."""

        def order(entry: dict[str, Any]) -> tuple[str, str, str]:
            return folder_of(entry["assignment"]), entry["student"], entry["assignment"]

        for entry in sorted(self.states.values(), key=order):
            if entry["state"] in ("done", "recorded"):
                path = self.out / "results" / entry["student"] / entry["assignment"] / "result.json"
                yield result.loads(path.read_text(encoding="utf-8"))
