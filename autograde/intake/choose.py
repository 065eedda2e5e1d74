"""One student's submission from all of their files: which notebook is graded, and what becomes of the others."""

import contextlib
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from nbgrader.utils import parse_utc

from autograde import match, submitted
from autograde.cells import Assignment, folder_of, stem_of
from autograde.intake.files import File, IntakeError, parts
from autograde.intake.names import COPY, Facts, undated

#: Files that nbgrader's exchange leaves beside a submission, and wants to see again beside its feedback.
RECEIPT = ("timestamp.txt", "submission_secret.txt")

# To choose between a student's notebooks no more are looked into than ``MOST``, and none that has more bytes than
# ``LOOKED_INTO``: this is the grader's own process.
MOST, LOOKED_INTO = 10, 8 * 2**20

#: A note or a problem lists the names of files up to this many characters.
MAX_LIST = 300


@dataclass
class Submission:
    """One student's work for one notebook of an assignment, whose name ``assignment`` is (:mod:`autograde.course`).

    ``file`` is None where there is nothing that could be a notebook; ``problem`` says why nothing can be graded.
    ``timestamp`` is UTC, without a zone, as nbgrader keeps it. ``receipt`` holds what nbgrader's exchange wants back to
    release the feedback, by file name, and ``origin`` what an LMS wants back (see :class:`autograde.intake.names.Mark`).
    ``superseded`` are notebooks that were not graded. ``beside`` are all other files, by the path from the notebook: modules that
    it imports, data that it reads.
    """

    student: str
    assignment: str
    file: File | None = None
    name: str = ""
    timestamp: datetime | None = None
    late: bool = False
    superseded: list[str] = field(default_factory=list)
    beside: dict[str, File] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    problem: str | None = None
    receipt: dict[str, str] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)

    def read(self) -> bytes:
        """The submitted bytes; empty if there are none. Raises OSError and zipfile's errors."""
        return self.file.read() if self.file else b""


Found = tuple[File, Facts]


def submissions(
    student: str,
    mine: Sequence[Assignment],
    found: Sequence[Found],
    traces: Sequence[Found],
    assignments: Mapping[str, Assignment],
) -> list[Submission]:
    """The submissions of ``student`` for ``mine``, the notebooks of one assignment: of them were ``found`` these files, and
    these ``traces``, receipts and litter.
    """
    if len(mine) == 1:
        return [submission(student, mine[0], found, traces, assignments)]
    by_name = {assignment.name: assignment for assignment in mine}
    which = {file: _which(file, facts, by_name) for file, facts in found if file.notebook}
    # What is none of them is beside all, as any other file is; and all that there is where one of them is missing.
    all_others = [(replace(file, notebook=False), facts) for file, facts in found]
    others = [other for other, (file, _) in zip(all_others, found) if not which.get(file)]
    made = []
    for one in mine:
        own = [each for each in found if which.get(each[0]) == one.name]
        lacks = f"{one.file} was not submitted"
        made.append(submission(student, one, [*own, *others] if own else all_others, traces, assignments, lacks))
    return made


def _which(file: File, facts: Facts, mine: Mapping[str, Assignment]) -> str | None:
    """Which of an assignment's notebooks a file is: by its cells; by its name, where they say no more of another."""
    called = _stem(facts.file)
    names = {stem_of(name): name for name in mine}
    named = names.get(called) or names.get(COPY.sub("", called))
    cells_of = cells(file) or []
    known = {name: _known(cells_of, assignment) for name, assignment in mine.items()}
    best = max(known, key=lambda name: (known[name], name == named))
    return best if known[best] else named


def submission(
    student: str,
    assignment: Assignment,
    found: Sequence[Found],
    traces: Sequence[Found],
    assignments: Mapping[str, Assignment],
    lacks: str = "No notebook was submitted",
) -> Submission:
    """The submission of ``student``: these files were ``found`` of them, and these ``traces``, receipts and litter."""
    notebooks = [one for one in found if one[0].notebook]
    others = [one for one in found if not one[0].notebook]
    if notebooks:
        made = _of_notebooks(student, assignment, notebooks, assignments)
        # Files of an earlier attempt belong to that one's notebook.
        if made.file and made.origin.get("system") == "nbgrader":
            others = [one for one in others if one[0].parts[:-1] == made.file.parts[:-1]]
        made.beside = {_from(made.file, *one): one[0] for one in others}
        if others:
            names = _listed([file.shown for file, _ in others])
            made.notes.append(("repair", f"also handed in, and laid beside the notebook: {names}"))
    else:
        file, facts = (found or traces)[-1]
        made = Submission(student, assignment.name, None, facts.name, late=facts.late, origin=facts.origin)
        shown = [file.shown for file, _ in found or traces]
        made.problem = f"{lacks}, but: {_listed(shown)}. Submit the file {assignment.file}."
    for file, facts in traces:
        if facts.receipt and (name := _name_in_receipt(file)):
            made.name = made.name or name
    # The exchange puts its own beside the notebook: any further in is the student's.
    outermost = sorted(traces, key=lambda one: -len(one[0].parts))
    _receipt(made, {facts.file: file for file, facts in outermost if facts.file in RECEIPT})
    return made


def _of_notebooks(
    student: str, assignment: Assignment, notebooks: list[Found], assignments: Mapping[str, Assignment]
) -> Submission:
    notebooks = sorted(
        notebooks,
        key=lambda one: (_stem(one[1].file) == stem_of(assignment.name), one[1].order, one[0].modified, one[0].shown),
    )
    value = {file: worth(file, assignment) for file, _ in notebooks[-MOST:]}
    notebooks[-MOST:] = sorted(notebooks[-MOST:], key=lambda one: value[one[0]])
    *others, (file, facts) = notebooks
    made = Submission(student, assignment.name, file, facts.name, late=facts.late, origin=facts.origin)
    made.superseded = [other.shown for other, _ in others]
    if others:
        text = f"of {len(notebooks)} notebooks, {file.shown} was graded, and not {_listed(made.superseded)}"
        made.notes.append(("repair", text))
    elif file.within or not file.path.lower().endswith(".ipynb"):
        made.notes.append(("repair", f"the notebook was handed in as {file.shown}"))
    if value[file] == 0 and (other := recognise(file, assignments)) not in (None, assignment.name):
        made.problem = f"This is {other}, handed in for {assignment.name}. Submit the file {assignment.file}."
    return made


def _from(notebook: File | None, file: File, facts: Facts) -> str:
    """The path of ``file`` as the notebook, in whose folder it runs, would write it; its bare name where it is not below that."""
    if facts.origin.get("prefix"):
        return facts.file.removeprefix(facts.origin["prefix"])
    here, there = (parts(f"{one.path}/{one.within}" if one.within else one.path) for one in (notebook or file, file))
    folder = here[:-1]
    return "/".join(there[len(folder) :] if there[: len(folder)] == folder else there[-1:])


def _stem(name: str) -> str:
    return re.sub(r"\.ipynb.*$", "", name, flags=re.IGNORECASE)


def _listed(names: Sequence[str]) -> str:
    text = ", ".join(names)
    return text if len(text) <= MAX_LIST else f"{text[:MAX_LIST]} … ({len(names)} files)"


def cells(file: File) -> list | None:
    """The cells of a notebook; none if it cannot be read; None if it is too large to be looked into."""
    try:
        data = file.read(LOOKED_INTO)
        return submitted.read(data, parts=500_000) if len(data) <= LOOKED_INTO else None
    except (submitted.Damaged, OSError, zipfile.BadZipFile):
        return []


def recognise(file: File, assignments: Mapping[str, Assignment], expected: str = "") -> str | None:
    """The assignment that most of the file's cells belong to, or None; the ``expected`` one if as many belong to it."""
    submitted = cells(file) or []
    scores = {name: _known(submitted, assignment) for name, assignment in assignments.items()}
    best = max(scores, key=lambda name: (scores[name], folder_of(name) == expected), default=None)
    return best if best is not None and scores[best] else None


def _known(submitted: list, assignment: Assignment) -> int:
    """How many of the assignment's cells there are; text alone is believed if two cells have it."""
    if any(match.named(submitted, assignment)):
        return 1000 + len({*match.named(submitted, assignment)} - {None})
    by_text = len({*match.known(submitted, assignment)} - {None})
    return by_text if by_text > 1 else 0


def worth(file: File, assignment: Assignment) -> int:
    """2 for a notebook with an answer, 1 for one without, 0 for a file that is no notebook of this assignment.

    1 for a large one: it may be the right one, so it goes before what surely is not, but not before a known answer.
    """
    submitted = cells(file)
    if submitted is None:
        return 1
    by_id = {cell.id: cell for cell in assignment.cells}
    mine = [(one[1].strip(), by_id[name]) for one, name in zip(submitted, match.known(submitted, assignment)) if name]
    answered = any(cell.students and text not in (cell.source.strip(), cell.released.strip()) for text, cell in mine)
    return 2 if answered else int(bool(mine))


def doubt(submissions: Sequence[Submission], assignments: Mapping[str, Assignment], only: str) -> None:
    """Raise :class:`IntakeError` if most are of one other assignment: a class that gets no points would look like a weak one.

    One notebook of each student is looked into, so that no student stops a run.
    """
    first = [submission.file for submission in submissions if submission.file][:10]
    others = Counter(folder_of(recognise(file, assignments, only) or "") for file in first)
    del others[""], others[only]
    for other, count in others.most_common(1):
        if count >= 3 and 2 * count > len(first):
            raise IntakeError(
                f"{count} of the first {len(first)} notebooks are of {other}, not of {only}: "
                "is --assignment right? Nothing was graded."
            )


def same_person(submissions: Sequence[Submission]) -> None:
    """Note where "students" differ by no more than a date or the number of an attempt: they may be one person."""
    groups: dict[tuple[str, str], list[Submission]] = {}
    for one in submissions:
        groups.setdefault((one.assignment, undated(one.student)), []).append(one)
    for group in groups.values():
        if len(group) > 1:
            for one in group:
                others = [other.student for other in group if other is not one]
                text = f"{one.student} may be the same person as {_listed(others)}: the names differ by a date or an attempt"
                one.notes.append(("repair", text))


def _name_in_receipt(file: File) -> str:
    """The full name in the text that Blackboard puts beside an attempt; "" if there is none."""
    with contextlib.suppress(OSError, zipfile.BadZipFile):
        found = re.search(r"^Name: (.+?) \([^()\n]*\)\s*$", file.read(2000).decode("utf-8", "replace"), re.MULTILINE)
        return submitted.printable(found[1])[:120] if found else ""
    return ""


def _receipt(submission: Submission, files: Mapping[str, File]) -> None:
    """Keep the texts of the exchange's files, and set ``timestamp`` if there is a credible one."""
    for name, file in files.items():
        with contextlib.suppress(OSError, zipfile.BadZipFile):
            submission.receipt[name] = file.read()[:200].decode("utf-8", "replace")
    if "timestamp.txt" not in submission.receipt:
        return
    try:
        when = parse_utc(submission.receipt["timestamp.txt"].strip())
    except Exception:  # dateutil raises nearly everything
        submission.notes.append(("repair", "timestamp.txt is not a date; it was ignored"))
        return
    if when > datetime.now(UTC).replace(tzinfo=None) or when.year < 2000:
        text = f"timestamp.txt says {when:%Y-%m-%d %H:%M}, which cannot be; it was ignored"
        submission.notes.append(("tampering", text))
    else:
        submission.timestamp = when
