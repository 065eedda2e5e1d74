"""Whose a file is, from its path: what learning-management systems, browsers and people write into names.

What is at one level of the path counts (:func:`level`). What lies below it was named by a student, who may have written
somebody else's number into it; one name with the numbers of two students is :class:`Ambiguous`.
"""

import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from autograde import submitted
from autograde.intake.files import LITTER, NOTEBOOK

MOODLE = re.compile(r"_(?P<id>\d+)_assignsubmission_[a-z]+(?:_|$)")
# Numbers of a database begin with no zero, other than those of our assignments.
CANVAS = re.compile(
    r"(?P<name>[^/]+?)_(?:(?P<late>LATE)_)?(?P<id>[1-9]\d*)_(?P<submission>[1-9]\d*)_(?P<file>[^/]+)", re.IGNORECASE
)
# In anonymous grading Canvas gives each student an id for this assignment, and puts LATE first.
ANONYMOUS = re.compile(r"(?:(?P<late>LATE)_)?(?P<id>anon_[0-9A-Za-z]+)_(?P<submission>\d+)_(?P<file>[^/]+)")
# Blackboard: the assignment's title, the user's name, the attempt's date; beside it a text that says who it is.
BLACKBOARD = re.compile(r"_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)$")
ATTEMPT = re.compile(r"_attempt_\d{4}(?:-\d\d){5}")
# Brightspace: the user's number and the folder's, the full name, the date, the file (or the file lies in a folder of that name).
BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ ?- (?P<name>.+?) ?- ?(?P<when>[^\d\s]+ \d{1,2}, \d{4} \d{3,4} ?[AP]M|\d{1,2} [^\d\s]+,? \d{4} \d{3,4}(?: ?[AP]M)?)"
    r"(?: ?- (?P<file>.+))?"
)
# The folder of nbgrader's exchange into which students hand in: user, assignment, time, and a word that cannot be guessed.
INBOUND = re.compile(
    r"(?P<id>[^+]+)\+(?P<assignment>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(?:\+[\w=-]*)?"
)
# What browsers, JupyterLab, file managers and (``attempt``) Canvas make of the name of a second one.
COPY = re.compile(
    r"(?: ?\((?P<copy>\d+)\)|(?: - |[- ])\(?(?:conflicted )?(?:[Cc]opy|[Kk]opie) ?\(?(?P<duplicate>\d*)\)?"
    r"|-(?P<attempt>\d{1,3}))$"
)
# A date, or the number of an attempt or a version, at the end of a name.
DATED = re.compile(
    r"(?:[ _.-]*(?:attempt|version|v|draft)?[ _.-]*\d{4}-\d\d-\d\d[\dT:. _-]*|[ _.-]+(?:attempt|version|v|draft)[ _.-]*\d+)$",
    re.IGNORECASE,
)


class Ambiguous(ValueError):
    """A path names more than one student; the message says which."""


@dataclass
class Facts:
    """What a path says of a file.

    ``owner`` is "" if it says nothing; ``key`` tells apart two people whose ``owner`` is one; ``order`` sorts a student's files,
    the last handed in last; ``receipt``: the LMS wrote the file, not the student; ``origin``: see :class:`Mark`.
    """

    owner: str
    key: str
    file: str
    assignment: str | None = None
    name: str = ""
    late: bool = False
    order: tuple = (0, 0)
    receipt: bool = False
    origin: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """What a learning-management system wrote into a part of a path: ``prefix`` is what stands before the student's own name for it.

    System, number, name and prefix are what it wants back beside feedback: a submission's ``origin``.
    """

    system: str
    id: str
    name: str = ""
    late: bool = False
    order: int | str = 0
    receipt: bool = False
    prefix: str = ""
    assignment: str | None = None

    @property
    def origin(self) -> dict[str, str]:
        return {"system": self.system, "number": self.id, "name": self.name, "prefix": self.prefix}


class Names:
    """How the names of one source are to be read: the level that says whose a file is, and Blackboard's titles.

    ``assignments`` maps the names of assignments to what the files of their notebooks are called.
    """

    def __init__(
        self, paths: Collection[tuple[str, ...]], assignments: Mapping[str, Collection[str]], only: str | None
    ):
        self.assignments, self.only = assignments, only
        self.titles = _titles(path[-1] for path in paths if path)
        # If all that was handed in has the marks of one system, what else looks like a mark is a student's own word.
        self.blackboard_only = bool(paths) and all(ATTEMPT.search(path[-1]) for path in paths if path)
        self.brightspace_only = bool(paths) and all(any(map(BRIGHTSPACE.fullmatch, path)) for path in paths)
        self.level = self._level(list(paths))

    def _level(self, paths: list[tuple[str, ...]]) -> int:
        """How many folders come before what is named after a student, in the ``paths`` of all that was handed in.

        Those are passed that hold everything, that are called as assignments, or in which everything has the marks of
        an LMS: what all files agree on is no student's doing.
        """
        level = 0
        while paths and all(len(parts) > level + 1 for parts in paths):
            here, inside = {parts[level] for parts in paths}, [parts[level + 1 :] for parts in paths]
            numbered = all(self.marks(parts[0], len(parts) == 1) for parts in inside)
            lone = any(len(parts) == 2 and parts[1] in self.assignments.get(parts[0], ()) for parts in inside)
            lone = lone or all(len(parts) == 1 and not self.title(parts[0])[0] for parts in inside)
            if any(self.marks(part, False) for part in here):
                break
            if not (numbered or here <= set(self.assignments) or len(here) == 1 and not lone):
                break
            level += 1
        return level

    def identify(self, parts: tuple[str, ...], notebook: bool, name: str = "") -> Facts | None:
        """Whose file this is, from the ``parts`` of its path; ``name`` is the file's own, if it lies in a zip.

        Raises :class:`Ambiguous`. None if the path ends above all students.
        """
        if len(parts) <= self.level:
            return None
        above, part, inside = parts[: self.level], parts[self.level], parts[self.level + 1 :]
        title, named, attempt = self.title(name or parts[-1])
        assignment = next((folder for folder in above if folder in self.assignments), None)
        marks = self.marks(part, not inside)
        ids = {mark.id for mark in marks}
        if len(ids) > 1:
            raise Ambiguous(f"its name holds the numbers of several students: {', '.join(sorted(ids))}")
        facts = Facts("", "", name or parts[-1], order=("", attempt))
        if marks:
            mark = marks[0]
            facts.owner, key = mark.id, f"{mark.name}_{mark.id}"
            facts.name, facts.late, facts.receipt = submitted.printable(mark.name)[:120], mark.late, mark.receipt
            facts.origin = mark.origin
            facts.order = (str(mark.order).rjust(20, "0"), attempt)
            facts.assignment = mark.assignment or assignment or self.only
        elif LITTER.search(part):
            key = ""
        else:
            if inside:
                facts.owner, key = part, f"{part}/"
            else:
                owner = self.title(part)[0] if name else title
                facts.owner = key = owner if notebook or name else ""
            assignment = assignment or next((folder for folder in inside[:-1] if folder in self.assignments), None)
            if assignment is None:
                assignment = inside[0] if inside[1:] and inside[1:] == (f"{inside[0]}.ipynb",) else named
            facts.assignment = assignment
        place = "/".join(folder for folder in above if folder not in self.assignments)
        facts.key = unicodedata.normalize("NFC", f"{place}/{key}")
        return facts

    def marks(self, part: str, is_file: bool) -> list[Mark]:
        """What Moodle, Canvas, Blackboard, Brightspace and nbgrader's exchange wrote into a part of a path."""
        if not is_file and (mark := INBOUND.fullmatch(part)):
            return [Mark("nbgrader", mark["id"], order=mark["when"], assignment=mark["assignment"])]
        blackboard = self._blackboard(part) if is_file else []
        if self.blackboard_only:
            return blackboard
        brightspace = (
            [Mark("brightspace", mark["id"], mark["name"], order=_date(mark["when"]))]
            if (mark := BRIGHTSPACE.fullmatch(part))
            else []
        )
        if self.brightspace_only:
            return brightspace
        found = (
            [Mark("moodle", mark["id"], part[: mark.start()]) for mark in MOODLE.finditer(part)]
            + blackboard
            + brightspace
        )
        if is_file and (mark := ANONYMOUS.fullmatch(part) or CANVAS.fullmatch(part)):
            facts = mark.groupdict()
            name, prefix = facts.get("name") or "", part.removesuffix(facts["file"])
            found.append(Mark("canvas", facts["id"], name, bool(facts["late"]), facts["submission"], prefix=prefix))
        return found

    def _blackboard(self, part: str) -> list[Mark]:
        attempts = list(ATTEMPT.finditer(part))
        if not attempts:
            return []
        who = [part[: attempts[0].start()], *(part[a.end() : b.start()] for a, b in pairwise(attempts))]
        if len(who) > 1:
            return [Mark("blackboard", self._user(one)) for one in who]
        mark = BLACKBOARD.search(part)
        return (
            [Mark("blackboard", self._user(who[0]), order=mark["when"], receipt=mark["file"] is None)] if mark else []
        )

    def _user(self, who: str) -> str:
        """A user's name without the assignment's title, which Blackboard puts before it."""
        titles = [*(f"{name}_" for name in self.assignments), *self.titles]
        title = next((title for title in titles if who.startswith(title) and who != title), "")
        return who.removeprefix(title)

    def title(self, name: str) -> tuple[str, str | None, int]:
        """A file's name without what says that it is a copy, and of which assignment; that assignment; the copy's number."""
        stem = NOTEBOOK.sub("", name)
        stem = stem if stem != name else os.path.splitext(name)[0]
        copy = COPY.search(stem)
        named = next((name for name in self.assignments if name in stem), None)
        if copy and (named or not copy["attempt"]):
            stem = stem[: copy.start()]
        stem = stem.removeprefix("Copy of ").removeprefix("Kopie von ")
        number = int(copy["copy"] or copy["attempt"] or copy["duplicate"] or 1) if copy else 0
        return (stem.replace(named, "").strip(" _-.") if named else stem), named, number


def _titles(files: Iterable[str]) -> set[str]:
    """What Blackboard's files begin with before the user's name: what all of them share, up to an underscore."""
    who = [name[: found.start()] for name in files if (found := ATTEMPT.search(name))]
    shared = os.path.commonprefix(who)
    if len(set(who)) == 1:  # one student: the user's name is what comes after the last underscore
        shared = who[0]
    return {shared[: shared.rfind("_") + 1]} - {""}


def _date(text: str) -> str:
    """Brightspace's date, so that later ones sort later; as it is where it is none."""
    for form in ("%b %d, %Y %I%M %p", "%B %d, %Y %I%M %p", "%d %B, %Y %I%M %p", "%d %b %Y %H%M", "%d %B %Y %H%M"):
        try:
            return datetime.strptime(text, form).isoformat()  # only to sort
        except ValueError:
            continue
    return text


def undated(owner: str) -> str:
    """An owner's name without a date or the number of an attempt at its end."""
    return DATED.sub("", owner)


def safe(name: str) -> str:
    """``name`` as a student id that is also a file name everywhere."""
    name = unicodedata.normalize("NFC", submitted.clean(name))
    name = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name).strip(" .")
    while len(name.encode()) > 120:
        name = name[:-1]
    return name or "_"
