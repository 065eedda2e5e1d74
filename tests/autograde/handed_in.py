"""What a class hands in, laid out in a folder or packed into an archive, and what intake makes of it."""

import io
import zipfile
from pathlib import Path

from grading_helpers import COURSE, answered, as_bytes, mini

from autograde import assignment, intake

BOOK = as_bytes(answered())
ENCODER = as_bytes(assignment.source_notebook("encoder", COURSE))
MINI = {"mini": mini()}
BOTH = {"mini": mini(), "encoder": assignment.load("encoder", COURSE)}


def lay(folder: Path, contents: dict[str, bytes]) -> Path:
    """Write files, and folders, whose names end in a slash."""
    for name, data in contents.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def zipped(contents: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return stream.getvalue()


def pack(path: Path, contents: dict[str, bytes]) -> Path:
    path.write_bytes(zipped(contents))
    return path


def collect(source, only=None, assignments=MINI):
    """``(submissions by student, what is unmatched)``."""
    found = intake.collect(source, assignments, only)
    return {s.student: s for s in found.submissions}, found.unmatched


def notes(submission):
    """All that is noted of a submission, in one string."""
    return " | ".join(text for _, text in submission.notes)
