"""The course's list of students: one id for each, whatever number an LMS gave them for one assignment.

A CSV file with a heading. The column ``student`` (or else the first) holds the id under which marks are kept; every other
column holds something that a submission may be called by: an e-mail address, a matriculation number, the full ``name``, the
number that Moodle gave the student for one assignment. A name counts only if one student has it.
"""

import csv
import io
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from autograde.intake import IntakeError, Submission, safe


class Roster:
    """Ids of students by whatever they are called; ``students`` are all, in the file's order, with their names."""

    def __init__(self, path: Path):
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
            rows = list(csv.DictReader(io.StringIO(text), dialect=csv.Sniffer().sniff(text[:4000], ",;\t")))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise IntakeError(f"the roster {path} cannot be read: {error}. Expected is a CSV file in UTF-8.") from None
        if not rows:
            raise IntakeError(f"the roster {path} has no students: expected a heading, and one line for each.")
        column = "student" if "student" in rows[0] else next(iter(rows[0]))
        self.students: dict[str, str] = {}
        called: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            student = safe(row[column] or "")
            if student == "_":
                continue
            if student in self.students:
                raise IntakeError(f"the roster {path} has two lines for {student!r}: an id is one student's.")
            self.students[student] = row.get("name") or ""
            for value in row.values():
                if isinstance(value, str) and value.strip():
                    called[_plain(value)].add(student)
        self._by_call = {call: students.pop() for call, students in called.items() if len(students) == 1}

    def student(self, submission: Submission) -> str | None:
        """The id of the student who handed in ``submission``: by its number or name, if that is one student's."""
        return self._by_call.get(_plain(submission.student)) or self._by_call.get(_plain(submission.name) or "\0")

    def rename(self, submissions: Iterable[Submission]) -> list[Submission]:
        """``submissions`` under the roster's ids; those that would be two of one student keep the names they had, and say so."""
        submissions = list(submissions)
        known = [self.student(one) for one in submissions]
        count = Counter((student, one.assignment) for student, one in zip(known, submissions))
        renamed = []
        for student, one in zip(known, submissions):
            if student is None:
                note = ("repair", "not in the roster")
                renamed.append(replace(one, notes=[*one.notes, note]))
            elif count[student, one.assignment] > 1:
                note = (
                    "repair",
                    f"the roster has {student} for several submissions of {one.assignment}: their names were kept",
                )
                renamed.append(replace(one, notes=[*one.notes, note]))
            else:
                renamed.append(replace(one, student=student, name=one.name or self.students[student]))
        return renamed


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
