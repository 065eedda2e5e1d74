"""Grade a folder of submissions: intake, a run over what it finds, ledger, gradebook."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograde import assignment as assignments_of_course
from autograde import intake as intake_
from autograde.cells import Assignment
from autograde.course import PROJECT
from autograde.course import names as assignment_names
from autograde.gradebook import GradebookError, Writer
from autograde.intake import Submission
from autograde.isolation import pool
from autograde.isolation.limits import Limits
from autograde.isolation.sandbox import chosen
from autograde.isolation.shown import hide
from autograde.ledger import Ledger
from autograde.progress import Lines
from autograde.roster import Roster
from autograde.run import Run, needed


@dataclass
class Settings:
    """What ``python -m autograde grade`` was asked to do."""

    source: Path
    out: Path
    course: Path = PROJECT
    only: str | None = None
    workers: int | None = None  # :func:`autograde.dispatch.default_workers`
    scheduler: str | None = None
    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    regrade: bool = False
    db_url: str | None = None
    roster: Path | None = None
    out_of: dict[str, float] = field(default_factory=dict)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no student's code may see, wherever it lies."""
        return tuple(str(path.resolve()) for path in (self.out, self.source, self.course))

    @property
    def gradebook(self) -> str:
        return self.db_url or f"sqlite:///{(self.out / 'gradebook.db').resolve()}"


@dataclass
class Summary:
    """What a run did: submissions, those graded now, those reused, grader failures, gradebook trouble."""

    submissions: list[Submission]
    unmatched: list[tuple[str, str]]  # (path, why it is nobody's)
    graded: int = 0
    reused: int = 0
    failed: list[tuple[Submission, str]] = field(default_factory=list)  # (submission, reason)
    unrecorded: list[Submission] = field(default_factory=list)
    #: Seconds of work, by stage, added up over the submissions graded now.
    stages: Counter[str] = field(default_factory=Counter)


def run(
    settings: Settings, say: Lines | Callable[[str], None] = print, stage: Callable[[str], None] = lambda name: None
) -> Summary:
    """Grade everything in ``settings.source``; returns a :class:`Summary`.

    Everything that was graded already, byte for byte and with the same checks, is
    reused. ``say`` gets progress as text, or is one of :mod:`autograde.progress`, which
    may also draw it; ``stage`` is called with the name of each step about to be taken
    (tests interrupt there). Raises what :func:`prepare` and :func:`autograde.intake.collect` do, and
    :class:`~autograde.ledger.Busy` if another grader is at work in ``settings.out``.
    """
    progress = say if isinstance(say, Lines) else Lines(say)
    assignments = prepare(settings, progress.say)
    roster = Roster(settings.roster) if settings.roster else None
    stage("intake")
    found = intake_.collect(settings.source, assignments, settings.only)
    if roster:
        found.submissions[:] = roster.rename(found.submissions)
    summary = Summary(found.submissions, found.unmatched)
    with Ledger(settings.out) as ledger:
        finished = sum(entry["state"] in ("done", "recorded") for entry in ledger.states.values())
        handed_in = {s.assignment for s in found.submissions}
        if settings.regrade or finished < len(found.submissions):
            warm(settings, handed_in, assignments)
        stage("gradebook")
        writer = open_gradebook(settings, handed_in, progress.say)
        try:
            Run(settings, assignments, handed_in, ledger, writer, summary, progress, stage).all()
        finally:
            if writer is not None:
                writer.close()
    return summary


def prepare(settings: Settings, say: Callable[[str], None]) -> dict[str, Assignment]:
    """The assignments of the course by name, once it is sure that there is a sandbox and the one that is asked for.

    Raises :class:`~autograde.isolation.limits.SandboxMissing` and :class:`~autograde.assignment.AssignmentError`.
    """
    if settings.sandboxed and not settings.scheduler:  # with one, the workers look for themselves
        chosen()
    names = assignment_names(settings.course)
    if settings.only is not None and settings.only not in names:
        raise assignments_of_course.AssignmentError(
            f"there is no assignment {settings.only!r}; there are: {', '.join(names) or 'none'}."
        )
    return _assignments(settings, names, say)


def warm(settings: Settings, names: Iterable[str], assignments: Mapping[str, Assignment]) -> None:
    """Begin to start sandboxes for these assignments, while the gradebook is opened."""
    if settings.sandboxed and not settings.scheduler:
        hide(settings.hidden)
        pool.preload(needed(names, assignments, settings.course))
        pool.get_ready()


def _assignments(settings: Settings, names: Sequence[str], say: Callable[[str], None]) -> dict[str, Assignment]:
    """All notebooks of the course, by name: what was handed in for another is recognised. One that is broken stops no other."""
    found: dict[str, Assignment] = {}
    for name in names:
        try:
            found |= assignments_of_course.of(name, settings.course)
        except assignments_of_course.AssignmentError as error:
            if name == settings.only:
                raise
            if settings.only is None and not isinstance(error, assignments_of_course.NothingToGrade):
                say(f"! {error}\n! What was handed in for {name} is not graded.")
    return found


def open_gradebook(settings: Settings, names: Iterable[str], say: Callable[[str], None]) -> Writer | None:
    """The writer, or None: grading can go on without a gradebook, and a rerun fills it."""
    try:
        writer = Writer(settings.gradebook)
        for name in sorted(names):
            writer.prepare(name, settings.course)
        return writer
    except GradebookError as error:
        say(f"! {error}\n! Grading goes on; run the same command again to fill the gradebook.")
        return None
