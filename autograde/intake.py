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
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from nbgrader.utils import parse_utc

from autograde import preflight

MOODLE = re.compile(r"_(?P<id>\d+)_assignsubmission_[a-z]+(?:_|$)")
# Numbers of a database begin with no zero, other than those of our assignments.
CANVAS = re.compile(r"(?P<name>[^/]+?)_(?:(?P<late>LATE)_)?(?P<id>[1-9]\d*)_(?P<submission>[1-9]\d*)_(?P<file>[^/]+)", re.IGNORECASE)
# In anonymous grading Canvas gives each student an id for this assignment, and puts LATE first.
ANONYMOUS = re.compile(r"(?:(?P<late>LATE)_)?(?P<id>anon_[0-9A-Za-z]+)_(?P<submission>\d+)_(?P<file>[^/]+)")
# What browsers, JupyterLab, file managers and (``attempt``) Canvas make of the name of a second one.
COPY = re.compile(r"(?: ?\((?P<copy>\d+)\)|(?: - |[- ])[Cc]opy ?\(?(?P<duplicate>\d*)\)?|-(?P<attempt>\d{1,3}))$")

#: Files that nbgrader's exchange leaves beside a submission, and wants to see again beside its feedback.
RECEIPT = ("timestamp.txt", "submission_secret.txt")

# What operating systems and editors leave beside people's files.
LITTER = re.compile(r"(^|/)(__MACOSX|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)(/|$)")
CHECKPOINT = re.compile(r"\.ipynb_checkpoints/(?P<name>[^/]*)-checkpoint\.ipynb$")


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

    ``assignments`` maps names to :class:`~autograde.assignment.Assignment`: all of the course's, so
    that what belongs to another one is recognised. ``only`` restricts to one of them, and names the
    assignment of files that do not say.
    """
    source = Path(source)
    intake = Intake([], [])
    candidates, receipts = defaultdict(list), defaultdict(dict)  # by (student, assignment)
    unnamed, owners = defaultdict(list), {}

    def refuse(file, reason):
        intake.unmatched.append((file.shown, reason))

    def accept(file, facts):
        student = safe(facts["owner"])
        if owners.setdefault(student, facts["key"]) != facts["key"]:
            refuse(file, f"its student would be called {student!r}, as another one is: rename it")
        elif PurePosixPath(file.path).name in RECEIPT:
            receipts[student, facts["assignment"]][PurePosixPath(file.path).name] = file
        else:
            candidates[student, facts["assignment"]].append((file, facts))

    for file in _files(source, intake):
        try:
            facts = _identify(file, assignments, only)
        except Ambiguous as doubt:
            refuse(file, str(doubt))
            continue
        notebook, receipt = file.path.lower().endswith(".ipynb"), PurePosixPath(file.path).name in RECEIPT
        if facts is None:
            refuse(file, "cannot tell whose it is")
            continue
        facts["assignment"] = facts["assignment"] or (_recognise(file, assignments) if notebook else None) or only
        if not notebook and not (facts["assignment"] and facts["owner"]):
            if not receipt:
                refuse(file, "not a notebook")
        elif facts["assignment"] is None:
            refuse(file, "cannot tell which assignment it is: pass --assignment")
        elif facts["assignment"] not in assignments:
            if not receipt:
                refuse(file, f"there is no assignment {facts['assignment']!r} in which points can be earned")
        elif only is not None and facts["assignment"] != only:
            if not receipt:
                refuse(file, f"belongs to {facts['assignment']}, not to {only}")
        elif facts["owner"]:
            accept(file, facts)
        else:
            unnamed[facts["assignment"]].append((file, facts))
    for found in unnamed.values():
        for file, facts in _by_place(found):
            if facts["owner"]:
                accept(file, facts)
            else:
                refuse(file, "cannot tell whose it is: its name is in several folders, or that of the assignment")
    for (student, assignment), found in sorted(candidates.items(), key=lambda item: item[0]):
        intake.submissions.append(_submission(student, assignments[assignment], found, receipts[student, assignment]))
    if not intake.submissions and not intake.unmatched:
        raise IntakeError(f"{source} holds no submissions. Expected nbgrader's submitted/ folder, a folder or zip "
                          "downloaded from Moodle or Canvas, or a folder of notebooks named after students.")
    return intake


def _submission(student, assignment, found, receipt):
    """The submission of one student, of whom these files were ``found``."""
    notebooks = [(file, facts) for file, facts in found if file.path.lower().endswith(".ipynb")]
    if not notebooks:
        submission = Submission(student, assignment.name, None, found[-1][1]["name"], late=found[-1][1]["late"])
        submission.problem = (f"No notebook was submitted, but: {', '.join(file.shown for file, _ in found)[:300]}. "
                              f"Submit the file {assignment.name}.ipynb.")
    else:
        if len(notebooks) > 1:
            notebooks.sort(key=lambda one: (_worth(one[0], assignment), one[1]["exact"], one[1]["order"], one[0].modified, one[0].path))
        *others, (file, facts) = notebooks
        submission = Submission(student, assignment.name, file, facts["name"], late=facts["late"])
        submission.superseded = [other.shown for other, _ in others]
        if others:
            submission.notes.append(("repair", f"of {len(notebooks)} notebooks, {file.shown} was graded, and not "
                                               f"{', '.join(submission.superseded)[:300]}"))
    _receipt(submission, receipt)
    return submission


def _files(source, intake):
    """Every regular file under ``source``, with what cannot be one listed as unmatched."""
    if source.is_dir():
        found, checkpoints = [], []

        def closed(error):
            intake.unmatched.append((preflight.printable(Path(error.filename).relative_to(source).as_posix()),
                                     f"cannot be opened ({error.strerror})"))

        for folder, folders, names in os.walk(source, onerror=closed):
            folders.sort()
            for name in sorted([*names, *(f for f in folders if os.path.islink(os.path.join(folder, f)))]):
                path = Path(folder, name)
                shown = path.relative_to(source).as_posix()
                if LITTER.search(shown):
                    checkpoints.append(shown)
                    continue
                status = path.lstat()
                if not stat.S_ISREG(status.st_mode):
                    intake.unmatched.append((preflight.printable(shown), "not a regular file (a link, a pipe or a device)"))
                else:
                    found.append(File(shown, source, modified=status.st_mtime))
        _miss(checkpoints, found, intake)
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
    found, seen, checkpoints = [], set(), []
    for member in members:
        if member.is_dir():
            continue
        if LITTER.search(member.filename):
            checkpoints.append(member.filename)
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
    _miss(checkpoints, found, intake)
    return found


def _miss(litter, found, intake):
    """List the copies that Jupyter makes for itself of notebooks that are not there."""
    paths = {file.path for file in found}
    for path in litter:
        if CHECKPOINT.search(path) and CHECKPOINT.sub(r"\g<name>.ipynb", path) not in paths:
            intake.unmatched.append((preflight.printable(path), "a copy that Jupyter made of a notebook which is not here"))


def _identify(file, assignments, only):
    """Whose file this is, from its path: a dict, or None. ``owner`` is None if other files must be looked at.

    The outermost name counts. What is inside it was named by a student, who may have
    written somebody else's number into it; one name with two numbers is :class:`Ambiguous`.
    """
    parts = PurePosixPath(file.path.replace("\\", "/")).parts
    parts = tuple(part for part in parts if part not in ("..", "/"))
    if not parts:
        return None
    stem = PurePosixPath(parts[-1]).stem
    copy = COPY.search(stem)
    attempt = int(copy["copy"] or copy["attempt"] or copy["duplicate"] or 1) if copy else 0

    def facts(owner, assignment, *, key=None, number=0, name="", late=False):
        """``key`` tells students apart of whom ``owner`` is a number; ``number`` tells their files apart."""
        return {"owner": owner, "key": unicodedata.normalize("NFC", key or owner or ""), "assignment": assignment,
                "order": (number, attempt), "name": preflight.printable(name)[:120], "late": late,
                "exact": bool(owner) and stem == assignment, "folder": parts[:-1]}

    for i, part in enumerate(parts):
        last = i == len(parts) - 1
        moodle = list(MOODLE.finditer(part))
        canvas = (ANONYMOUS.fullmatch(part) or CANVAS.fullmatch(part)) if last else None
        numbers = {match["id"] for match in moodle} | ({canvas["id"]} if canvas else set())
        if len(numbers) > 1:
            raise Ambiguous(f"its name holds the numbers of several students: {', '.join(sorted(numbers))}")
        if moodle:
            return facts(moodle[0]["id"], only, key=part[:moodle[0].end("id")], name=part[:moodle[0].start()])
        if canvas:
            name = canvas.groupdict().get("name", "")
            return facts(canvas["id"], only, key=f"{name}_{canvas['id']}", name=name, number=int(canvas["submission"]),
                         late=canvas["late"] is not None)
        if len(parts) - i > 2 and parts[i + 1] in assignments:
            return facts(part, parts[i + 1])
    if len(parts) >= 3 and parts[-1] == f"{parts[-2]}.ipynb":
        return facts(parts[-3], parts[-2])
    named = next((name for name in assignments if name in stem), None)
    if copy and (named or not copy["attempt"]):
        stem = stem[:copy.start()]
    stem = stem.removeprefix("Copy of ")
    return facts(None, named) | {"stem": stem.replace(named, "").strip(" _-.") if named else stem}


def _by_place(found):
    """``(file, facts)`` with the owners of files that only their names, or their folders', can tell; "" if neither can.

    A folder is one student's if every folder holds but one name, or if the name in it tells nobody: the
    assignment's, or one that is in other folders as well.
    """
    names, homes = defaultdict(set), defaultdict(set)
    for _, facts in found:
        if facts["folder"]:
            names[facts["folder"]].add(facts["stem"])
            homes[facts["stem"]].add(facts["folder"])
    all_single = len(names) > 1 and all(len(stems) == 1 for stems in names.values())
    personal = {folder for folder, stems in names.items()
                if "" in stems or all_single or len(stems) == 1 and len(homes[next(iter(stems))]) > 1}
    called = _distinct(personal)
    for file, facts in found:
        if facts["folder"] in personal:
            owner = called.get(facts["folder"], "")
            facts["exact"] = facts["stem"] == ""
        else:
            owner = "" if len(homes[facts["stem"]]) > 1 else facts["stem"]
        yield file, facts | {"owner": owner, "key": unicodedata.normalize("NFC", owner)}


def _distinct(folders):
    """``{folder: name}`` by the innermost part of their paths that is another one in each; {} if there is none."""
    for level in reversed(range(min(map(len, folders), default=0))):
        called = {folder: folder[level] for folder in folders}
        if len(set(called.values())) == len(folders):
            return called
    return {}


def _cells(file):
    """The cells of a notebook; none if it cannot be read."""
    try:
        return preflight.read(file.read())
    except (preflight.Damaged, OSError, zipfile.BadZipFile, NotImplementedError, EOFError):
        return []


def _recognise(file, assignments):
    """The assignment that most of the file's cells belong to, or None."""
    ids = {name for cell in _cells(file) for name in cell[2:4]}
    scores = {name: len(ids & {cell.id for cell in assignment.cells}) for name, assignment in assignments.items()}
    best = max(scores, key=scores.get, default=None)
    return best if best is not None and scores[best] else None


def _worth(file, assignment):
    """2 for a notebook with an answer, 1 for one without, 0 for a file that is no notebook of this assignment."""
    given = {cell.id: (cell.source.strip(), cell.released.strip()) if cell.students else () for cell in assignment.cells}
    mine = [(source.strip(), given[name]) for _, source, *ids, _ in _cells(file) for name in ids if name in given]
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
