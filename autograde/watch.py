"""Grade what arrives in a folder, as it arrives, and write each student's feedback at once.

The run, the ledger and the gradebook are those of ``grade``: whatever one has graded, the other does not grade again. The folder is
looked at again and again, which works on every file system, also where no events come from (a share of another machine, say).

A student who hears of a result at once could guess: hand in, look, change, hand in again. Four things make that worthless. Each
grading draws its inputs anew. A hidden check is named, and that it passed or not; nothing else is said of it. A student has so many
attempts. And after each, the next is graded no sooner than after a pause, which doubles.
"""

import os
import stat
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from autograde import dispatch, intake, pipeline
from autograde.cells import folder_of
from autograde.feedback import write_page
from autograde.intake import IntakeError, Submission
from autograde.ledger import Ledger
from autograde.progress import Lines
from autograde.result import Check, Result
from autograde.roster import Roster
from autograde.run import Run
from autograde.submitted import printable

#: The longest pause between two attempts, in seconds.
LONGEST = 3600.0


@dataclass(frozen=True)
class Rules:
    """How often a student's work is graded, and how the folder is looked at; times in seconds.

    After the first attempt the next is graded no sooner than ``pause`` later, after each further one that doubles. A file is there
    when it has not changed for ``settle``; the folder is looked at every ``look``.
    """

    attempts: int = 10
    pause: float = 60.0
    settle: float = 1.0
    look: float = 0.5

    def next(self, graded: Sequence[tuple[datetime, str]]) -> datetime | None:
        """When the next attempt may be graded, after those that were; None: never."""
        if not graded:
            return datetime.min.replace(tzinfo=UTC)
        if len(graded) >= self.attempts:
            return None
        return graded[-1][0] + timedelta(seconds=min(LONGEST, self.pause * 2 ** (len(graded) - 1)))


def veiled(result: Result) -> Result:
    """A result as a student may see it while more attempts are to come: of hidden checks the name, and whether they passed."""
    why = "A hidden check. What it found is said when no more attempts are to come."
    checks: list[Check] = [
        {**check, "verdicts": [], "reason": None if check["passed"] else why}
        if check["hidden"] and check["reason"] is None  # one with a reason did not run, and found nothing
        else check
        for check in result["checks"]
    ]
    return result | {"checks": checks}


class Inbox:
    """A folder into which people put files, and what has arrived in it."""

    def __init__(self, source: Path, settle: float) -> None:
        self.source, self.settle = source, settle
        self.files: dict[str, tuple[tuple, float]] = {}  # by path: what it was at the last look, and since when

    def look(self) -> set[str]:
        """Look at every file; the paths of those that are still changing."""
        now, before = time.monotonic(), self.files
        self.files = {}
        for path, status in _regular(self.source):
            known = before.get(path)
            self.files[path] = known if known and known[0] == status else (status, now)
        return {path for path, (_, since) in self.files.items() if now - since < self.settle}

    def stamp(self, submission: Submission) -> tuple:
        """What tells whether files of a submission have changed since another look."""
        return tuple((path, self.files.get(path, (None,))[0]) for path in sorted(paths_of(submission)))


def _regular(folder: Path, below: str = "") -> list[tuple[str, tuple]]:
    """Every regular file below ``folder`` with size, time of change and number. Follows no link, opens nothing."""
    found = []
    try:
        entries = list(os.scandir(folder))
    except OSError:  # gone, or closed to us: intake says so
        return found
    for entry in entries:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        path = below + entry.name
        if stat.S_ISDIR(status.st_mode):
            found += _regular(Path(entry.path), f"{path}/")
        elif stat.S_ISREG(status.st_mode):
            found.append((path, (status.st_size, status.st_mtime_ns, status.st_ino)))
    return found


def paths_of(submission: Submission) -> set[str]:
    """The paths of what makes up a submission."""
    files = [*([submission.file] if submission.file else []), *submission.beside.values()]
    return {file.path for file in files}


def unfinished(submissions: Sequence[Submission], changing: set[str]) -> set[int]:
    """The ids of those ``submissions`` of which a file is still changing, or a file in a folder that is theirs alone."""
    owners = defaultdict(set)
    for one in submissions:
        for path in paths_of(one):
            owners[os.path.dirname(path)].add(id(one))
    folders = {os.path.dirname(path) for path in changing}
    of_folder = {next(iter(owners[folder])) for folder in folders if folder and len(owners[folder]) == 1}
    return of_folder | {id(one) for one in submissions if paths_of(one) & changing}


class Arrivals(Lines):
    """A line for each submission, with the time."""

    def begin(self, total: int) -> None:
        pass

    def landed(self, text: str) -> None:
        self.say(printable(f"{datetime.now():%H:%M:%S}  {text}"))


class Watching(Run):
    """A run that does not end: what arrives is graded, and its student's page is written."""

    def __init__(self, rules: Rules, *run: Any) -> None:
        super().__init__(*run)
        self.rules, self.inbox = rules, Inbox(self.settings.source, rules.settle)
        self.roster = Roster(self.settings.roster) if self.settings.roster else None
        self.seen: dict[tuple[str, str], tuple] = {}  # by student and assignment: the files that were dealt with
        #: Newer than what is graded, and not to be graded before a time.
        self.held: dict[tuple[str, str], tuple[Submission, datetime]] = {}
        self.said: set[tuple[str, str]] = set()  # files that belong to nobody
        self.looked: dict | None = None

    def turn(self) -> None:
        """Look at the folder once, and take in what is done by then."""
        changing = self.inbox.look()
        now = {path: known[0] for path, known in self.inbox.files.items() if path not in changing}
        if now != self.looked:
            self.looked = now
            for submission in self.arrived(changing):
                self.consider(submission)
        for submission, at in list(self.held.values()):
            if at <= datetime.now(UTC):
                self.consider(submission)
        if not self.step(self.rules.look):
            time.sleep(self.rules.look)

    def arrived(self, changing: set[str]) -> list[Submission]:
        """The submissions in the folder of which no file is changing, and that are not dealt with yet."""
        try:
            found = intake.collect(self.settings.source, self.assignments, self.settings.only)
        except IntakeError:
            return []  # nothing yet
        for path, reason in found.unmatched:
            if (path, reason) not in self.said and path not in changing:
                self.said.add((path, reason))
                self.say(printable(f"  not matched: {path} ({reason})"))
        if self.roster:
            found.submissions[:] = self.roster.rename(found.submissions)
        waiting = unfinished(found.submissions, changing)
        return [
            one
            for one in found.submissions
            if id(one) not in waiting and self.seen.get((one.student, one.assignment)) != self.inbox.stamp(one)
        ]

    def consider(self, submission: Submission) -> None:
        """Have a submission graded, if it is new and its student has an attempt left; else say so on the student's page."""
        of = submission.student, submission.assignment
        under_way = [*self.waiting, *(flying for flying, _ in self.flight.values())]
        if any((one.student, one.assignment) == of for one in under_way):
            self.held[of] = submission, datetime.now(UTC)  # seen to when that one has landed
            return
        self.held.pop(of, None)
        job = self.job(submission)
        if job is None:
            return  # its file is gone, or cannot be read: looked at again when it changes
        graded = self.ledger.graded[of]
        if self.ledger.state(submission, job.key) in ("done", "recorded"):
            self.known(submission)
            self.tell(submission)
        elif (at := self.rules.next(graded)) is None:
            self.tell(submission, "A file that you handed in later is not graded.")
            self.landed(submission, f"not graded: all {self.rules.attempts} attempts are used")
        elif at > datetime.now(UTC):
            self.tell(submission, f"The file that you handed in later is graded at {at:%H:%M:%S} UTC.")
            self.landed(
                submission, f"waits until {at:%H:%M:%S} UTC, {len(graded)} of {self.rules.attempts} attempts are used"
            )
            self.held[of] = submission, at
        else:
            self.known(submission)  # notes it as queued
            self.waiting.append(submission)
        self.seen[of] = self.inbox.stamp(submission)

    def unreadable(self, submission: Submission) -> None:
        """It was taken away: what was graded before stays."""

    def land(self, submission: Submission, outcome: dict) -> None:
        super().land(submission, outcome)
        self.tell(submission)

    def tell(self, submission: Submission, *news: str) -> None:
        """Write a student's page about the latest result, if there is one, and how many attempts are left."""
        of = submission.student, submission.assignment
        graded = self.ledger.graded[of]
        if not graded:
            return
        at = self.rules.next(graded)
        further = "This was the last." if at is None else f"The next is graded from {at:%d %B, %H:%M:%S} UTC on."
        attempt = f"Attempt {len(graded)} of {self.rules.attempts}. {further}"
        write_page(self.settings.out, veiled(self.ledger.result(submission)), news=(attempt, *news))


def watch(
    settings: pipeline.Settings,
    rules: Rules,
    say: Callable[[str], None] = print,
    going: Callable[[], bool] = lambda: True,
) -> pipeline.Summary:
    """Grade what arrives in ``settings.source`` for as long as ``going()``, which is asked at every look; what that run did.

    Raises what `pipeline.run` does, :class:`~autograde.ledger.Busy` among it if another grader is at work in ``settings.out``.
    """
    if not settings.source.is_dir():
        raise IntakeError(f"{settings.source} is no folder: watch needs one into which work is handed in.")
    assignments = pipeline.prepare(settings, say)
    names = sorted(name for name in assignments if settings.only in (None, folder_of(name)))
    with Ledger(settings.out) as ledger:
        pipeline.warm(settings, names, assignments)
        writer = pipeline.open_gradebook(settings, names, say)
        summary = pipeline.Summary([], [])
        try:
            run = Watching(rules, settings, assignments, names, ledger, writer, summary, Arrivals(say))
            with dispatch.started(settings.scheduler, run.at_a_time) as run.workers:
                say(f"Watching {settings.source}. Pages go to {settings.out / 'feedback'}. Stop with Ctrl-C.")
                while going():
                    run.turn()
        finally:
            if writer is not None:
                writer.close()
    return summary
