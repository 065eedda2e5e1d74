"""Find the submissions in what an instructor has: folders and zips of several origins.

========  =============================================================================
nbgrader  ``STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb`` and ``timestamp.txt``, as the exchange
          and ``nbgrader collect`` leave them
Moodle    ``Full Name_12345_assignsubmission_file/any.ipynb`` (or ``…file_any.ipynb``;
          before Moodle 4, ``…file_/any.ipynb``)
Canvas    ``lastfirst_LATE_123_456_any-1.ipynb``; ``LATE_`` and ``-1`` (a later attempt)
          where they apply; ``LATE_anon_AbC12_456_any.ipynb`` if grading is anonymous
flat      one notebook a student, named after them: ``alice.ipynb``, ``02_vae_alice.ipynb``
folders   one folder a student, named after them: ``alice/any.ipynb``
========  =============================================================================

Each of these may lie in a folder that holds all of it, in one for each assignment, or, if
Moodle or Canvas gave every file its number, in several. Which it is, is told from all files
together: a student, who names what is inside, can change nothing but whose file counts of
their own.

Archives are read in memory, member by member: nothing is unpacked, so a path in an
archive leads nowhere. Links are not followed. Every file is accounted for: it belongs to
a :class:`Submission`, was superseded by another of the same student (and its notes say
so), or is listed in ``unmatched`` with the reason.
"""

import contextlib
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from nbgrader.utils import parse_utc

from autograde import restore

MOODLE = re.compile(r"_(?P<id>\d+)_assignsubmission_[a-z]+(?:_|$)")
# Numbers of a database begin with no zero, other than those of our assignments.
CANVAS = re.compile(
    r"(?P<name>[^/]+?)_(?:(?P<late>LATE)_)?(?P<id>[1-9]\d*)_(?P<submission>[1-9]\d*)_(?P<file>[^/]+)", re.IGNORECASE
)
# In anonymous grading Canvas gives each student an id for this assignment, and puts LATE first.
ANONYMOUS = re.compile(r"(?:(?P<late>LATE)_)?(?P<id>anon_[0-9A-Za-z]+)_(?P<submission>\d+)_(?P<file>[^/]+)")
# What browsers, JupyterLab, file managers and (``attempt``) Canvas make of the name of a second one.
COPY = re.compile(
    r"(?: ?\((?P<copy>\d+)\)|(?: - |[- ])\(?(?:conflicted )?(?:[Cc]opy|[Kk]opie) ?\(?(?P<duplicate>\d*)\)?"
    r"|-(?P<attempt>\d{1,3}))$"
)

#: Files that nbgrader's exchange leaves beside a submission, and wants to see again beside its feedback.
RECEIPT = ("timestamp.txt", "submission_secret.txt")

# What operating systems and editors leave beside people's files.
LITTER = re.compile(r"(^|/)(__MACOSX|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)(/|$)")
CHECKPOINT = re.compile(r"\.ipynb_checkpoints/(?P<name>[^/]*)-checkpoint\.ipynb$")

# To choose between a student's notebooks no more are looked into than ``MOST``, and none that has more bytes than
# ``LOOKED_INTO``: this is the grader's own process.
MOST, LOOKED_INTO = 10, 8 * 2**20


@dataclass(frozen=True)
class File:
    """A file in a folder (``archive`` None) or a member of a zip, not yet read."""

    path: str
    root: Path
    archive: Path | None = None
    modified: float = 0.0

    def read(self, most=restore.MAX_BYTES):
        """Its bytes, at most one more than ``most``."""
        if self.archive is None:
            descriptor = os.open(self.root / self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read(most + 1)
        try:
            with zipfile.ZipFile(self.archive) as archive, archive.open(self.path) as stream:
                return stream.read(most + 1)
        except Exception as error:  # zlib, lzma, struct… each has its own; bz2 raises an OSError without a number
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's trouble, not the file's
            raise zipfile.BadZipFile(f"a damaged member of the archive: {error}") from None

    @property
    def shown(self):
        """Its path as people may see it."""
        return restore.printable(self.path)

    @property
    def parts(self):
        """Of its path, those that lead further in."""
        parts = PurePosixPath(self.path.replace("\\", "/")).parts
        return tuple(part for part in parts if part not in ("..", "/"))

    @property
    def litter(self):
        """Whether an operating system or an editor left it there, and no student."""
        return bool(LITTER.search(self.path))

    @property
    def notebook(self):
        return self.path.lower().endswith(".ipynb") and not self.litter


@dataclass
class Submission:
    """One student's work for one assignment.

    ``file`` is None where there is nothing that could be a notebook; ``problem`` says so.
    ``timestamp`` is UTC, without a zone, as nbgrader keeps it. ``receipt`` holds what
    nbgrader's exchange wants back to release the feedback, by file name.
    """

    student: str
    assignment: str
    file: File | None = None
    name: str = ""
    timestamp: datetime | None = None
    late: bool = False
    superseded: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    problem: str | None = None
    receipt: dict = field(default_factory=dict)

    def read(self):
        """The submitted bytes; empty if there are none. Raises OSError and zipfile's errors."""
        return self.file.read() if self.file else b""


@dataclass
class Intake:
    submissions: list
    unmatched: list  # (path, reason)


class Ambiguous(ValueError):
    """A path names more than one student; the message says which."""


class IntakeError(ValueError):
    """There is nothing here that looks like submissions of this; the message says what was expected."""


def collect(source, assignments, only=None):
    """The :class:`Intake` of ``source`` (a folder or a zip).

    ``assignments`` maps names to :class:`~autograde.assignment.Assignment`: all of the course's, so
    that what belongs to another one is recognised. ``only`` restricts to one of them, and names the
    assignment of files that do not say.
    """
    source = Path(source)
    intake = Intake([], [])
    candidates, traces = defaultdict(list), defaultdict(list)  # by (student, assignment)
    owners, heard, left = {}, set(), []

    def refuse(file, reason):
        intake.unmatched.append((file.shown, reason))

    def accept(file, facts, kind):
        student = safe(facts["owner"])
        key, other = owners.setdefault(student, (facts["key"], file))
        if key == facts["key"]:
            kind[student, facts["assignment"]].append((file, facts))
        else:
            refuse(file, f"its student would be called {student!r}, as that of {other.shown} is: rename it")

    files = _files(source, intake)
    notebooks = [file.parts for file in files if file.notebook]
    level = _level(notebooks, assignments)
    # Beside files that are students', a folder is one's if there is a notebook in it.
    of_all = only if all(len(parts) > level + 1 for parts in notebooks) else None
    for file in files:
        try:
            facts = _identify(file.parts, level, assignments, only)
        except Ambiguous as doubt:
            refuse(file, str(doubt))
            continue
        if file.litter or facts and facts["file"] in RECEIPT:
            if facts and facts["owner"] and not CHECKPOINT.search(file.path):
                left.append((file, facts))
            continue
        if facts is None:
            refuse(file, "cannot tell whose it is")
            continue
        heard.add(facts["key"])
        facts["assignment"] = facts["assignment"] or (
            _recognise(file, assignments) or only if file.notebook else of_all
        )
        if not file.notebook and not (facts["assignment"] and facts["owner"]):
            refuse(file, "not a notebook")
        elif facts["assignment"] is None:
            refuse(file, "cannot tell which assignment it is: pass --assignment")
        elif facts["assignment"] not in assignments:
            refuse(file, f"there is no assignment {facts['assignment']!r} in which points can be earned")
        elif only is not None and facts["assignment"] != only:
            refuse(file, f"belongs to {facts['assignment']}, not to {only}")
        elif facts["owner"]:
            accept(file, facts, candidates)
        else:
            refuse(file, "cannot tell whose it is: it is called as the assignment, and in no student's folder")
    for file, facts in left:  # of those who handed in nothing else, they say that they handed in
        if facts["assignment"] is None and facts["key"] not in heard:
            facts["assignment"] = of_all
            if of_all is None:
                refuse(file, "not a notebook, and all that is there of its student")
        if facts["assignment"] in assignments and only in (None, facts["assignment"]):
            accept(file, facts, traces)
    for student, assignment in sorted({*candidates, *traces}):
        of = student, assignment
        intake.submissions.append(_submission(student, assignments[assignment], candidates[of], traces[of]))
    if not intake.submissions and not intake.unmatched:
        raise IntakeError(
            f"{source} holds no submissions. Expected nbgrader's submitted/ folder, a folder or zip "
            "downloaded from Moodle or Canvas, or a folder of notebooks named after students."
        )
    if only is not None:
        _doubt(intake.submissions, assignments, only)
    return intake


def _doubt(submissions, assignments, only):
    """Raise :class:`IntakeError` if most are of one other assignment: a class that gets no points would look like a weak one.

    One notebook of each student is asked, so that no student stops a run.
    """
    first = [submission.file for submission in submissions if submission.file][:10]
    others = Counter(_recognise(file, assignments) for file in first)
    del others[None], others[only]
    for other, count in others.most_common(1):
        if count >= 3 and 2 * count > len(first):
            raise IntakeError(
                f"{count} of the first {len(first)} notebooks are of {other}, not of {only}: "
                "is --assignment right? Nothing was graded."
            )


def _submission(student, assignment, found, traces):
    """The submission of one student, of whom these files were ``found``, and these ``traces``: receipts and litter."""
    notebooks = [(file, facts) for file, facts in found if file.notebook]
    if not notebooks:
        found = found or traces
        submission = Submission(student, assignment.name, None, found[-1][1]["name"], late=found[-1][1]["late"])
        submission.problem = (
            f"No notebook was submitted, but: {', '.join(file.shown for file, _ in found)[:300]}. "
            f"Submit the file {assignment.name}.ipynb."
        )
    else:
        if len(notebooks) > 1:
            notebooks.sort(
                key=lambda one: (
                    PurePosixPath(one[1]["file"]).stem == assignment.name,
                    one[1]["order"],
                    one[0].modified,
                    one[0].path,
                )
            )
            notebooks[-MOST:] = sorted(notebooks[-MOST:], key=lambda one: _worth(one[0], assignment))
        *others, (file, facts) = notebooks
        submission = Submission(student, assignment.name, file, facts["name"], late=facts["late"])
        submission.superseded = [other.shown for other, _ in others]
        if others:
            submission.notes.append(
                (
                    "repair",
                    f"of {len(notebooks)} notebooks, {file.shown} was graded, and not "
                    f"{', '.join(submission.superseded)[:300]}",
                )
            )
    # The exchange puts its own beside the notebook: any further in is the student's.
    _receipt(
        submission,
        {
            facts["file"]: file
            for file, facts in sorted(traces, key=lambda one: -len(one[0].parts))
            if facts["file"] in RECEIPT
        },
    )
    return submission


def _files(source, intake):
    """Every regular file under ``source``, with what cannot be one listed as unmatched."""
    if source.is_dir():
        found = []

        def closed(error):
            intake.unmatched.append(
                (
                    restore.printable(Path(error.filename).relative_to(source).as_posix()),
                    f"cannot be opened ({error.strerror})",
                )
            )

        for folder, folders, names in os.walk(source, onerror=closed):
            folders.sort()
            for name in sorted([*names, *(f for f in folders if os.path.islink(os.path.join(folder, f)))]):
                path = Path(folder, name)
                shown = path.relative_to(source).as_posix()
                status = path.lstat()
                file = File(shown, source, modified=status.st_mtime)
                if file.litter or stat.S_ISREG(status.st_mode):
                    found.append(file)
                else:
                    intake.unmatched.append((file.shown, "not a regular file (a link, a pipe or a device)"))
        _miss(found, intake)
        return found
    if not source.exists():
        raise IntakeError(f"there is no {source}.")
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise IntakeError(f"{source} is neither a folder nor a readable zip archive ({error}).") from None
    except UnicodeDecodeError:
        raise IntakeError(f"{source} has a file whose name is damaged: unpack it, and grade the folder.") from None
    found, seen = [], set()
    for member in members:
        if member.is_dir():
            continue
        if LITTER.search(member.filename):
            found.append(File(member.filename, source.parent, source))
            continue
        shown = restore.printable(member.filename)
        if member.filename in seen:
            intake.unmatched.append((shown, "the archive holds this name twice; the last was taken"))
            continue
        seen.add(member.filename)
        if stat.S_ISLNK(member.external_attr >> 16):
            intake.unmatched.append((shown, "not a regular file (a link)"))
        elif member.flag_bits & 1:
            intake.unmatched.append((shown, "encrypted"))
        else:
            try:
                modified = datetime(*member.date_time, tzinfo=UTC).timestamp()
            except ValueError:  # the 31st of February, say
                modified = 0.0
            found.append(File(member.filename, source.parent, source, modified))
    _miss(found, intake)
    return found


def _miss(found, intake):
    """List the copies that Jupyter makes for itself of notebooks that are not there."""
    paths = {file.path for file in found}
    for file in found:
        if CHECKPOINT.search(file.path) and CHECKPOINT.sub(r"\g<name>.ipynb", file.path) not in paths:
            intake.unmatched.append((file.shown, "a copy that Jupyter made of a notebook which is not here"))


def _level(notebooks, assignments):
    """How many folders come before what is named after a student, in the paths of all ``notebooks``.

    Those are passed that hold everything, that are called as assignments, or in which everything has Moodle's
    or Canvas's numbers: what all files agree on is no student's doing.
    """
    level = 0
    while notebooks and all(len(parts) > level + 1 for parts in notebooks):
        here, inside = {parts[level] for parts in notebooks}, [parts[level + 1 :] for parts in notebooks]
        numbered = all(_marks(parts[0], len(parts) == 1) for parts in inside)
        lone_student = any(parts[0] in assignments and parts[1:] == (f"{parts[0]}.ipynb",) for parts in inside) or all(
            len(parts) == 1 and not _title(parts[0], assignments)[0] for parts in inside
        )
        if any(_marks(part, False) for part in here):
            break
        if not (numbered or here <= assignments.keys() or len(here) == 1 and not lone_student):
            break
        level += 1
    return level


def _identify(parts, level, assignments, only):
    """Whose file this is, from the parts of its path: a dict, or None. ``owner`` is "" if they do not say.

    What is at ``level`` counts. What is inside it was named by a student, who may have
    written somebody else's number into it; one name with two numbers is :class:`Ambiguous`.
    """
    if len(parts) <= level:
        return None
    above, part, inside = parts[:level], parts[level], parts[level + 1 :]
    title, named, attempt = _title(parts[-1], assignments)
    assignment = next((name for name in above if name in assignments), None)
    marks = _marks(part, not inside)
    numbers = {mark["id"] for mark in marks}
    if len(numbers) > 1:
        raise Ambiguous(f"its name holds the numbers of several students: {', '.join(sorted(numbers))}")
    facts = {"file": parts[-1], "name": "", "late": False, "order": (0, attempt)}
    if LITTER.search(part):
        owner = key = ""
    elif marks:
        found = marks[0].groupdict()
        owner, name = found["id"], found.get("name", part[: marks[0].start()])
        key = f"{name}_{owner}"
        assignment = assignment or only
        facts |= {
            "name": restore.printable(name)[:120],
            "late": bool(found.get("late")),
            "order": (int(found.get("submission", 0)), attempt),
        }
    else:
        owner, key = (part, f"{part}/") if inside else (title, title) if part.lower().endswith(".ipynb") else ("", "")
        assignment = assignment or next((name for name in inside[:-1] if name in assignments), None)
        if assignment is None:
            assignment = inside[0] if inside[1:] and inside[1:] == (f"{inside[0]}.ipynb",) else named
    place = "/".join(name for name in above if name not in assignments)
    return facts | {"owner": owner, "key": unicodedata.normalize("NFC", f"{place}/{key}"), "assignment": assignment}


def _marks(part, is_file):
    """What Moodle and Canvas wrote into a part of a path, as matches with the ``id`` of a student."""
    canvas = (ANONYMOUS.fullmatch(part) or CANVAS.fullmatch(part)) if is_file else None
    return [*MOODLE.finditer(part), *([canvas] if canvas else [])]


def _title(name, assignments):
    """A file's name without what says that it is a copy, and of which assignment; that assignment; the copy's number."""
    stem = PurePosixPath(name).stem
    copy = COPY.search(stem)
    named = next((name for name in assignments if name in stem), None)
    if copy and (named or not copy["attempt"]):
        stem = stem[: copy.start()]
    stem = stem.removeprefix("Copy of ").removeprefix("Kopie von ")
    return (
        stem.replace(named, "").strip(" _-.") if named else stem,
        named,
        int(copy["copy"] or copy["attempt"] or copy["duplicate"] or 1) if copy else 0,
    )


def _cells(file):
    """The cells of a notebook; none if it cannot be read; None if it is too large to be looked into."""
    try:
        data = file.read(LOOKED_INTO)
        return restore.read(data) if len(data) <= LOOKED_INTO else None
    except (restore.Damaged, OSError, zipfile.BadZipFile, NotImplementedError, EOFError):
        return []


def _recognise(file, assignments):
    """The assignment that most of the file's cells belong to, or None."""
    ids = {name for cell in _cells(file) or () for name in cell[2:4]}
    scores = {name: len(ids & {cell.id for cell in assignment.cells}) for name, assignment in assignments.items()}
    best = max(scores, key=scores.get, default=None)
    return best if best is not None and scores[best] else None


def _worth(file, assignment):
    """2 for a notebook with an answer, 1 for one without, 0 for a file that is no notebook of this assignment.

    1 for a large one: it may be the right one, so it goes before what surely is not, but not before a known answer.
    """
    cells = _cells(file)
    if cells is None:
        return 1
    given = {
        cell.id: (cell.source.strip(), cell.released.strip()) if cell.students else () for cell in assignment.cells
    }
    mine = [(source.strip(), given[name]) for _, source, *ids, _ in cells for name in ids if name in given]
    return 2 if any(sources and source not in sources for source, sources in mine) else int(bool(mine))


def _receipt(submission, files):
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
        submission.notes.append(
            ("tampering", f"timestamp.txt says {when:%Y-%m-%d %H:%M}, which cannot be; it was ignored")
        )
    else:
        submission.timestamp = when


def safe(name):
    """``name`` as a student id that is also a file name everywhere."""
    name = unicodedata.normalize("NFC", restore.clean(name))
    name = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name).strip(" .")
    while len(name.encode()) > 120:
        name = name[:-1]
    return name or "_"
