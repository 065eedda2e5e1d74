"""Find the submissions in what an instructor has: folders and zips of several origins.

===========  ==========================================================================
nbgrader     ``STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb`` and ``timestamp.txt``, as the exchange
             and ``nbgrader collect`` leave them
             ``STUDENT+ASSIGNMENT+TIME+SECRET/…``: the exchange's own folder ``inbound/``, every attempt
Moodle       ``Full Name_12345_assignsubmission_file/any.ipynb`` (or ``…file_any.ipynb``;
             before Moodle 4, ``…file_/any.ipynb``)
Canvas       ``lastfirst_LATE_123_456_any-1.ipynb``; ``LATE_`` and ``-1`` (a later attempt)
             where they apply; ``LATE_anon_AbC12_456_any.ipynb`` if grading is anonymous
Blackboard   ``Title_user_attempt_2026-10-01-11-00-00_any.ipynb``, and a ``.txt`` for each attempt
Brightspace  ``123-456 - Full Name - Oct 1, 2026 1100 PM - any.ipynb``, or a folder of that name
flat         one notebook a student, named after them: ``alice.ipynb``, ``02_vae_alice.ipynb``
folders      one folder a student, named after them: ``alice/any.ipynb``
===========  ==========================================================================

Each of these may lie in a folder that holds all of it, in one for each assignment, or, if an LMS gave every file its
mark, in several. Which it is, is decided from all files together: what a student names changes only what of theirs counts.
A student's notebook may be called otherwise, or lie in a zip that they handed in.

Every file is accounted for: it belongs to a :class:`Submission` (as the notebook that is graded, one that is superseded, or
one that is not used, and its notes say so), or it is listed in ``unmatched`` with the reason.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograde.cells import Assignment, folder_of
from autograde.intake import choose
from autograde.intake.choose import RECEIPT, Found, Submission
from autograde.intake.files import CHECKPOINT, File, IntakeError, listing, parts
from autograde.intake.names import Ambiguous, Facts, Names, safe

__all__ = ["File", "Intake", "IntakeError", "Submission", "collect", "safe"]

#: Of one student's notebooks, this many are looked into to see which assignment they are.
MOST_RECOGNISED = 100


@dataclass
class Intake:
    """What a source holds; ``unmatched`` are ``(path, reason)``."""

    submissions: list[Submission]
    unmatched: list[tuple[str, str]]


def collect(source: str | Path, assignments: Mapping[str, Assignment], only: str | None = None) -> Intake:
    """The :class:`Intake` of ``source`` (a folder or a zip). Raises :class:`IntakeError`.

    ``assignments`` maps names of notebooks to :class:`~autograde.cells.Assignment`: all of the course's, so
    that what belongs to another one is recognised. ``only`` restricts to one assignment, and names the
    assignment of files that do not say. Of an assignment with several notebooks there is a submission for each, whatever
    was handed in.
    """
    listed = listing(Path(source))
    collector = _Collector(listed.files, assignments, only)
    for file in listed.files:
        collector.sort(file)
    intake = collector.finish()
    intake.unmatched[:0] = listed.refused
    if not intake.submissions and not intake.unmatched:
        raise IntakeError(
            f"{source} holds no submissions. Expected nbgrader's submitted/ folder, a folder or zip downloaded from an LMS "
            "(Moodle, Canvas, Blackboard, Brightspace), or a folder of notebooks named after students."
        )
    if only is not None:
        choose.doubt(intake.submissions, assignments, only)
    return intake


class _Collector:
    """Sorts the files of one source by student and assignment."""

    def __init__(self, files: list[File], assignments: Mapping[str, Assignment], only: str | None):
        handed_in = [file.parts for file in files if file.notebook]
        self.assignments, self.only = assignments, only
        self.folders: dict[str, set[str]] = {}
        for name, assignment in assignments.items():
            self.folders.setdefault(folder_of(name), set()).add(assignment.file)
        self.names = Names(handed_in, self.folders, only)
        # Beside files that are students', a folder is one's if there is a notebook in it.
        self.of_all = only if all(len(path) > self.names.level + 1 for path in handed_in) else None
        self.classes = _zips_of_classes(files, self.names)
        self.candidates: dict[tuple[str, str], list[Found]] = defaultdict(list)
        self.traces: dict[tuple[str, str], list[Found]] = defaultdict(list)
        self.unmatched: list[tuple[str, str]] = []
        self.owners: dict[str, tuple[str, File]] = {}
        self.read: Counter[str] = Counter()  # notebooks that were looked into, by key
        self.seen: set[str] = set()  # keys of those of whom there is more than litter
        self.litter: list[Found] = []
        self.unassigned: list[Found] = []

    def sort(self, file: File) -> None:
        """Put one file where it belongs, or list it."""
        if file.path in self.classes:
            if self.classes[file.path] == file:
                self.refuse(file, "holds the files of several students: unpack it, or grade it by itself", file.path)
            return
        try:
            facts = self.names.identify(file.parts, file.notebook, file.name if file.within else "")
        except Ambiguous as doubt:
            self.refuse(file, str(doubt))
            return
        if file.litter or facts and (facts.file in RECEIPT or facts.receipt):
            if facts and facts.owner and not CHECKPOINT.search(file.path):
                self.litter.append((file, facts))
        elif facts is None:
            self.refuse(file, "cannot tell whose it is")
        else:
            self.seen.add(facts.key)
            self._assign(file, facts)

    def _assign(self, file: File, facts: Facts) -> None:
        facts.assignment = facts.assignment or (self._recognised(file, facts) if file.notebook else self.of_all)
        if not file.notebook and not (facts.assignment and facts.owner):
            if facts.owner:
                self.unassigned.append((file, facts))
            else:
                self.refuse(file, "not a notebook")
        elif facts.assignment is None:
            self.refuse(file, "cannot tell which assignment it is: pass --assignment")
        elif facts.assignment not in self.folders:
            self.refuse(file, f"there is no assignment {facts.assignment!r} in which points can be earned")
        elif self.only is not None and facts.assignment != self.only:
            self.refuse(file, f"belongs to {facts.assignment}, not to {self.only}")
        elif facts.owner:
            self.accept(file, facts, self.candidates)
        else:
            self.refuse(file, "cannot tell whose it is: it is called as the assignment, and in no student's folder")

    def _recognised(self, file: File, facts: Facts) -> str | None:
        """The assignment that a notebook's cells belong to; of one student's many notebooks no more than a class has are read."""
        self.read[facts.key] += 1
        if self.read[facts.key] > MOST_RECOGNISED:
            return self.only
        name = choose.recognise(file, self.assignments, self.only or "")
        return folder_of(name) if name else self.only

    def accept(self, file: File, facts: Facts, kind: dict[tuple[str, str], list[Found]]) -> None:
        student, assignment = safe(facts.owner), facts.assignment or ""
        key, other = self.owners.setdefault(student, (facts.key, file))
        if key == facts.key:
            kind[student, assignment].append((file, facts))
        else:
            self.refuse(file, f"its student would be called {student!r}, as that of {other.shown} is: rename it")

    def refuse(self, file: File, reason: str, path: str | None = None) -> None:
        self.unmatched.append((File(path, file.root).shown if path else file.shown, reason))

    def finish(self) -> Intake:
        """The submissions, once every file is sorted."""
        for file, facts in self.unassigned:  # of a student's one assignment, if there is but one
            mine = [of for of in self.candidates if of[0] == safe(facts.owner)]
            if len(mine) == 1 and self.owners[mine[0][0]][0] == facts.key:
                self.candidates[mine[0]].append((file, facts))
            else:
                self.refuse(file, "not a notebook")
        for file, facts in self.litter:  # of those who handed in nothing else, they say that they handed in
            if facts.assignment is None and facts.key not in self.seen:
                facts.assignment = self.of_all
                if self.of_all is None:
                    self.refuse(file, "not a notebook, and all that is there of its student")
            if facts.assignment in self.folders and self.only in (None, facts.assignment):
                self.accept(file, facts, self.traces)
        submissions = [
            one
            for student, folder in sorted({*self.candidates, *self.traces})
            for one in choose.submissions(
                student,
                [self.assignments[name] for name in self.assignments if folder_of(name) == folder],
                self.candidates[student, folder],
                self.traces[student, folder],
                self.assignments,
            )
        ]
        choose.same_person(submissions)
        return Intake(submissions, self.unmatched)


def _zips_of_classes(files: list[File], names: Names) -> dict[str, File]:
    """Zips in the source that an LMS made of a class, each with the first of its files."""
    owners, first = defaultdict(set), {}
    for file in files:
        if file.within:
            first.setdefault(file.path, file)
            for i, part in enumerate(inside := parts(file.within)):
                owners[file.path] |= {mark.id for mark in names.marks(part, i == len(inside) - 1)}
    return {path: first[path] for path, ids in owners.items() if len(ids) > 1}
