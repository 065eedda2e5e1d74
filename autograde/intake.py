"""Find the submissions in what an instructor has: folders and zips of several origins.

========  =============================================================================
nbgrader  ``STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb`` and ``timestamp.txt``, as the exchange
          and ``nbgrader collect`` leave them
Moodle    ``Full Name_12345_assignsubmission_file_/any.ipynb`` (or ``…file_any.ipynb``)
Canvas    ``lastfirst_LATE_123_456_any-1.ipynb``; ``LATE_`` and ``-1`` (a later attempt)
          where they apply; ``LATE_anon_AbC12_456_any.ipynb`` if grading is anonymous
flat      one notebook a student, named after them: ``alice.ipynb``, ``02_vae_alice.ipynb``
========  =============================================================================

Archives are read in memory, member by member: nothing is unpacked, so a path in an
archive leads nowhere. Links are not followed. Every file is accounted for: it belongs to
a :class:`Submission`, was superseded by another of the same student, or is listed in
``unmatched`` with the reason.
"""

import contextlib
import os
import re
import stat
import unicodedata
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from nbgrader.utils import parse_utc

from autograde import preflight

MOODLE = re.compile(r"_(?P<id>\d+)_assignsubmission_[a-z]+_")
CANVAS = re.compile(r"(?P<name>[^/_]+)_(?:(?P<late>LATE)_)?(?P<id>\d+)_(?P<submission>\d+)_(?P<file>[^/]+)", re.IGNORECASE)
# In anonymous grading Canvas gives each student an id for this assignment, and puts LATE first.
ANONYMOUS = re.compile(r"(?:(?P<late>LATE)_)?(?P<id>anon_[0-9A-Za-z]+)_(?P<submission>\d+)_(?P<file>[^/]+)")
COPY = re.compile(r"(?: ?\((?P<copy>\d+)\)|-(?P<attempt>\d{1,3}))$")

#: Files that nbgrader's exchange leaves beside a submission, and wants to see again beside its feedback.
RECEIPT = ("timestamp.txt", "submission_secret.txt")

# What operating systems and editors leave beside people's files.
LITTER = re.compile(r"(^|/)(__MACOSX|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)(/|$)")


@dataclass(frozen=True)
class File:
    """A file in a folder (``archive`` None) or a member of a zip, not yet read."""

    path: str
    root: Path
    archive: Path | None = None
    modified: float = 0.0

    def read(self):
        """Its bytes, at most one more than :data:`preflight.MAX_BYTES`."""
        if self.archive is None:
            descriptor = os.open(self.root / self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read(preflight.MAX_BYTES + 1)
        try:
            with zipfile.ZipFile(self.archive) as archive, archive.open(self.path) as stream:
                return stream.read(preflight.MAX_BYTES + 1)
        except Exception as error:  # zlib, lzma, struct… each has its own; bz2 raises an OSError without a number
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's trouble, not the file's
            raise zipfile.BadZipFile(f"a damaged member of the archive: {error}") from None

    @property
    def shown(self):
        """Its path as people may see it."""
        return preflight.printable(self.path)


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
    """There is nothing here that looks like submissions; the message says what was expected."""


def collect(source, assignments, only=None):
    """The :class:`Intake` of ``source`` (a folder or a zip).

    ``assignments`` maps names to :class:`~autograde.assignment.Assignment`; ``only``
    restricts to one of them, and names the assignment of files that do not say.
    """
    source = Path(source)
    intake = Intake([], [])
    files = _files(source, intake)
    candidates = defaultdict(list)  # (student, assignment) -> [(rank, file, facts)]
    receipts, owners = defaultdict(dict), {}
    for file in files:
        try:
            facts = _identify(file, assignments, only)
        except Ambiguous as doubt:
            intake.unmatched.append((file.shown, str(doubt)))
            continue
        if facts and owners.setdefault(facts["student"], facts["owner"]) != facts["owner"]:
            intake.unmatched.append((file.shown, f"its student would be called {facts['student']!r}, as another one is: rename it"))
            continue
        if PurePosixPath(file.path).name in RECEIPT:
            if facts:
                receipts[facts["student"], facts["assignment"]][PurePosixPath(file.path).name] = file
            continue
        if facts is None:
            intake.unmatched.append((file.shown, "cannot tell whose it is"))
            continue
        if not file.path.lower().endswith(".ipynb"):
            if facts["assignment"] and facts["owned"]:
                candidates[facts["student"], facts["assignment"]].append(((-1, 0, 0.0, file.path), file, facts))
            else:
                intake.unmatched.append((file.shown, "not a notebook"))
            continue
        assignment = facts["assignment"] or _recognise(file, assignments) or only
        if assignment is None:
            intake.unmatched.append((file.shown, "cannot tell which assignment it is: pass --assignment"))
        elif only is None or assignment == only:
            exact = int(PurePosixPath(file.path).stem == assignment)
            rank = (exact if facts["owned"] else 0, facts["attempt"], file.modified, file.path)
            candidates[facts["student"], assignment].append((rank, file, facts))
        else:
            intake.unmatched.append((file.shown, f"belongs to {assignment}, not to {only}"))
    for (student, assignment), found in sorted(candidates.items(), key=lambda item: item[0]):
        if assignment not in assignments:
            intake.unmatched += [(file.shown, f"there is no assignment {assignment!r} in which points can be earned") for _, file, _ in found]
            continue
        found.sort(key=lambda item: item[0])
        rank, file, facts = found[-1]
        submission = Submission(student, assignment, file, facts["name"], late=facts["late"])
        if rank[0] < 0:
            submission.file = None
            submission.problem = f"No notebook was submitted, but: {', '.join(f.shown for _, f, _ in found)[:300]}"
        else:
            submission.superseded = [other.shown for other_rank, other, _ in found[:-1] if other_rank[0] >= 0]
        _receipt(submission, receipts[student, assignment])
        intake.submissions.append(submission)
    if not intake.submissions and not intake.unmatched:
        raise IntakeError(f"{source} holds no submissions. Expected nbgrader's submitted/ folder, a folder or zip "
                          "downloaded from Moodle or Canvas, or a folder of notebooks named after students.")
    return intake


def _files(source, intake):
    """Every regular file under ``source``, with what cannot be one listed as unmatched."""
    if source.is_dir():
        found = []

        def closed(error):
            intake.unmatched.append((preflight.printable(Path(error.filename).relative_to(source).as_posix()),
                                     f"cannot be opened ({error.strerror})"))

        for folder, folders, names in os.walk(source, onerror=closed):
            folders.sort()
            for name in sorted([*names, *(f for f in folders if os.path.islink(os.path.join(folder, f)))]):
                path = Path(folder, name)
                shown = path.relative_to(source).as_posix()
                if LITTER.search(shown):
                    continue
                status = path.lstat()
                if not stat.S_ISREG(status.st_mode):
                    intake.unmatched.append((preflight.printable(shown), "not a regular file (a link, a pipe or a device)"))
                else:
                    found.append(File(shown, source, modified=status.st_mtime))
        return found
    if not source.exists():
        raise IntakeError(f"there is no {source}.")
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise IntakeError(f"{source} is neither a folder nor a readable zip archive ({error}).") from None
    found, seen = [], set()
    for member in members:
        if member.is_dir() or LITTER.search(member.filename):
            continue
        shown = preflight.printable(member.filename)
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
    return found


def _identify(file, assignments, only):
    """Whose file this is, from its path: a dict, or None. ``owned``: in a place that is one student's.

    The outermost name counts. What is inside it was named by a student, who may have
    written somebody else's number into it; one name with two numbers is :class:`Ambiguous`.
    """
    parts = PurePosixPath(file.path.replace("\\", "/")).parts
    parts = tuple(part for part in parts if part not in ("..", "/"))
    if not parts:
        return None

    def facts(owner, assignment=None, *, attempt=0, name="", late=False, owned=True):
        return {"student": safe(owner), "owner": unicodedata.normalize("NFC", owner), "assignment": assignment,
                "attempt": attempt, "name": preflight.printable(name)[:120], "late": late, "owned": owned}

    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        moodle = list(MOODLE.finditer(part))
        canvas = (ANONYMOUS.fullmatch(part) or CANVAS.fullmatch(part)) if last else None
        numbers = {match["id"] for match in moodle} | ({canvas["id"]} if canvas else set())
        if len(numbers) > 1:
            raise Ambiguous(f"its name holds the numbers of several students: {', '.join(sorted(numbers))}")
        if moodle:
            return facts(moodle[0]["id"], only, name=part[:moodle[0].start()], attempt=_attempt(parts[-1]))
        if canvas:
            return facts(canvas["id"], only, name=canvas.groupdict().get("name", ""), late=canvas["late"] is not None, attempt=_attempt(canvas["file"]))
        if len(parts) - i > 2 and parts[i + 1] in assignments:
            return facts(part, parts[i + 1], attempt=_attempt(parts[-1]))
    if len(parts) >= 3 and only is None and parts[-1] == f"{parts[-2]}.ipynb":
        return facts(parts[-3], parts[-2])
    stem = PurePosixPath(parts[-1]).stem
    copy = COPY.search(stem)
    stem = stem[:copy.start()] if copy and copy["copy"] else stem
    named = next((name for name in assignments if name in stem), None)
    owner = stem.replace(named, "").strip(" _-.") if named else stem
    if not owner and len(parts) > 1:  # FOLDER/02_vae.ipynb: the folder is the student
        return facts(parts[-2], named, attempt=_attempt(parts[-1]))
    if not owner:
        return None
    return facts(owner, named, attempt=_attempt(parts[-1]), owned=False)


def _attempt(name):
    match = COPY.search(PurePosixPath(name).stem)
    return int(match["copy"] or match["attempt"]) if match else 0


def _recognise(file, assignments):
    """The assignment that most of the file's cells belong to, or None."""
    try:
        ids = {name for cell in preflight.read(file.read()) for name in cell[2:4]}
    except (preflight.Damaged, OSError, zipfile.BadZipFile, NotImplementedError, EOFError):
        return None
    scores = {name: len(ids & {cell.id for cell in assignment.cells}) for name, assignment in assignments.items()}
    best = max(scores, key=scores.get, default=None)
    return best if best is not None and scores[best] else None


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
        submission.notes.append(("tampering", f"timestamp.txt says {when:%Y-%m-%d %H:%M}, which cannot be; it was ignored"))
    else:
        submission.timestamp = when


def safe(name):
    """``name`` as a student id that is also a file name everywhere."""
    name = unicodedata.normalize("NFC", preflight.clean(name))
    name = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name).strip(" .")
    while len(name.encode()) > 120:
        name = name[:-1]
    return name or "_"
