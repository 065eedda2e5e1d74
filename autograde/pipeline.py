"""Grade a folder of submissions: intake, Dask workers, ledger, gradebook."""

import contextlib
import functools
import itertools
import json
import logging
import os
import secrets
import shutil
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from autograde import assignment as assignments_of_course
from autograde import beside
from autograde import intake as intake_
from autograde.cells import folder_of
from autograde.course import PROJECT, imports, pictures
from autograde.course import names as assignment_names
from autograde.gradebook import GradebookError, Writer
from autograde.isolation import pool
from autograde.isolation.limits import Limits, SandboxMissing
from autograde.isolation.sandbox import chosen
from autograde.isolation.shown import hide
from autograde.job import GraderFailure, Job, grade
from autograde.ledger import Ledger, write_safely
from autograde.progress import Lines
from autograde.roster import Roster

#: How often one submission is tried before the grader gives up on it.
ATTEMPTS = 3

#: Dask watches itself, many times a second, and remembers what happened, for people who work on Dask: time, and memory that
#: would grow with the class.
UNWATCHED = {
    "distributed.admin.low-level-log-length": 10,
    "distributed.diagnostics.computations.max-history": 1,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.admin.system-monitor.log-length": 10,
}


def default_workers():
    """One more than there are cores, as long as there are 4 GB of memory for each.

    A submission computes on one core, and waits now and then: for a sandbox to begin or to end, for the disk.
    """
    cores = os.cpu_count() or 2
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not Linux
        return max(1, cores // 2)
    return max(1, min(cores + 1, memory // (4 * 2**30)))


@dataclass
class Settings:
    """What ``python -m autograde grade`` was asked to do."""

    source: Path
    out: Path
    course: Path = PROJECT
    only: str | None = None
    workers: int = field(default_factory=default_workers)
    scheduler: str | None = None
    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    regrade: bool = False
    db_url: str | None = None
    roster: Path | None = None
    out_of: dict = field(default_factory=dict)

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no student's code may see, wherever it lies."""
        return tuple(str(path.resolve()) for path in (self.out, self.source, self.course))

    @property
    def gradebook(self):
        return self.db_url or f"sqlite:///{(self.out / 'gradebook.db').resolve()}"


@dataclass
class Summary:
    """What a run did: submissions, those graded now, those reused, grader failures, gradebook trouble."""

    submissions: list
    unmatched: list
    graded: int = 0
    reused: int = 0
    failed: list = field(default_factory=list)  # (submission, reason)
    unrecorded: list = field(default_factory=list)
    #: Seconds of work, by stage, added up over the submissions graded now.
    stages: Counter = field(default_factory=Counter)


def work(job):
    """On a worker: grade one job. Grader failures come back as values, so that they can be counted."""
    try:
        result, notebook = grade(job)
        for text in (json.dumps(result, ensure_ascii=False), notebook):
            text.encode()  # what cannot be written fails here, and not where all submissions meet
    except (GraderFailure, SandboxMissing, OSError, UnicodeEncodeError) as failure:
        return {"failure": str(failure)[:2000]}
    return {"result": result, "notebook": notebook}


#: How to make the jobs that workers of this process's own are about to do, by the name that those are given: bytes that go
#: through Dask are held three times over, and a submission may have 64 MB.
_here: dict[str, Callable[[], Job | None]] = {}


def work_here(name: str) -> dict:
    """The same on a worker of this process's own, which reads the submission itself."""
    job = _here[name]()
    return {"failure": "its file cannot be read"} if job is None else work(job)


def run(settings, say=print, stage=lambda name: None):
    """Grade everything in ``settings.source``; returns a :class:`Summary`.

    Everything that was graded already, byte for byte and with the same checks, is
    reused. ``say`` gets progress as text, or is one of :mod:`autograde.progress`, which
    may also draw it; ``stage`` is called with the name of each step about to be taken
    (tests interrupt there).
    """
    progress = say if isinstance(say, Lines) else Lines(say)
    if (
        settings.sandboxed and not settings.scheduler
    ):  # with one, students' code runs on the workers, which look for themselves
        chosen()
    names = assignment_names(settings.course)
    if settings.only is not None and settings.only not in names:
        raise assignments_of_course.AssignmentError(
            f"there is no assignment {settings.only!r}; there are: {', '.join(names) or 'none'}."
        )
    assignments = _assignments(settings, names, progress.say)
    roster = Roster(settings.roster) if settings.roster else None
    stage("intake")
    found = intake_.collect(settings.source, assignments, settings.only)
    if roster:
        found.submissions[:] = roster.rename(found.submissions)
    summary = Summary(found.submissions, found.unmatched)
    with Ledger(settings.out) as ledger:
        finished = sum(entry["state"] in ("done", "recorded") for entry in ledger.states.values())
        if settings.sandboxed and not settings.scheduler and (settings.regrade or finished < len(found.submissions)):
            hide(settings.hidden)
            pool.preload(_imports(found.submissions, assignments, settings.course))
            pool.get_ready()  # while the gradebook is opened and Dask imported
        stage("gradebook")
        writer = _open_gradebook(settings, {s.assignment for s in found.submissions}, progress.say)
        try:
            _Run(settings, assignments, ledger, writer, summary, progress, stage).all()
        finally:
            if writer is not None:
                writer.close()
    return summary


def _assignments(settings, names, say):
    """All notebooks of the course, by name: what was handed in for another is recognised. One that is broken stops no other."""
    found = {}
    for name in names:
        try:
            found |= assignments_of_course.of(name, settings.course)
        except assignments_of_course.AssignmentError as error:
            if name == settings.only:
                raise
            if settings.only is None and not isinstance(error, assignments_of_course.NothingToGrade):
                say(f"! {error}\n! What was handed in for {name} is not graded.")
    return found


def _imports(submissions, assignments, course):
    """What students' kernels will import, or None where the tests are this course's own, whose kernels need more."""
    handed_in = {submission.assignment for submission in submissions}
    if any(cell.judged for name in handed_in for cell in assignments[name].cells if cell.kind == "test"):
        return None
    return tuple(imports(sorted(map(folder_of, handed_in)), course))


def _open_gradebook(settings, names, say):
    """The writer, or None: grading can go on without a gradebook, and a rerun fills it."""
    try:
        writer = Writer(settings.gradebook)
        for name in sorted(names):
            writer.prepare(name, settings.course)
        return writer
    except GradebookError as error:
        say(f"! {error}\n! Grading goes on; run the same command again to fill the gradebook.")
        return None


class _Run:
    """One run's state: what is in flight, and what to do when it lands."""

    def __init__(self, settings, assignments, ledger, writer, summary, progress, stage):
        self.settings, self.assignments, self.ledger = settings, assignments, ledger
        self.writer, self.summary, self.stage = writer, summary, stage
        self.progress, self.say = progress, progress.say
        self.attempts, self.slow = Counter(), False
        handed_in = {s.assignment for s in summary.submissions}
        self.imports = _imports(summary.submissions, assignments, settings.course)
        self.given = {name: beside.of_assignment(folder_of(name), settings.course) for name in handed_in}
        self.recorded = (
            {name: writer.students(name) for name in {s.assignment for s in summary.submissions}} if writer else {}
        )

    def all(self):
        pending = []
        for submission in self.summary.submissions:
            job = self.job(submission)
            state = "queued" if job is None or self.settings.regrade else self.ledger.state(submission, job.key)
            if state in ("done", "recorded"):
                self.summary.reused += 1
                if self.refresh(submission):
                    state = "done"
                in_gradebook = submission.student in self.recorded.get(submission.assignment, ())
                if state == "done" or not in_gradebook:
                    self.record(submission, job.key)
            else:
                pending.append(submission)
                if job is not None:
                    self.ledger.note(submission, "queued", job.key)
        if self.summary.reused:
            self.say(f"{self.summary.reused} of {len(self.summary.submissions)} were graded before and are unchanged.")
        if pending:
            self.progress.begin(len(pending))
            self.distribute(pending)

    def job(self, submission):
        """The job of a submission, or None if its file cannot be read just now."""
        try:
            data, problem = submission.read(), submission.problem
        except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
            # A member of a zip with a wrong checksum is as damaged as a cut file; the disk's troubles are ours.
            if isinstance(error, OSError) and not isinstance(error, (zipfile.BadZipFile, EOFError)):
                return None
            data, problem = b"", "The file is damaged inside the archive that it came in. Submit it again."
        return Job(
            submission.student,
            self.assignments[submission.assignment],
            data,
            self.settings.limits,
            self.settings.sandboxed,
            problem,
            self.settings.hidden,
            beside.together(self.given[submission.assignment], submission.beside),
            self.imports,
        )

    def refresh(self, submission):
        """Whether what intake knows of a graded submission has changed; the result on the disk then says so."""
        old = self.ledger.result(submission)
        new = _stamped(old, submission)
        if new != old:
            self.ledger.keep(submission, new, self.ledger.notebook(submission).read_text(encoding="utf-8"))
        return new != old

    def distribute(self, pending):
        from distributed import as_completed

        with _client(self.settings) as client:
            flight, landing = {}, as_completed()
            queue, workers = iter(pending), max(1, sum(client.nthreads().values()))

            def launch(submission):
                job = self.job(submission)
                if job is None:
                    self.fail(submission, "its file cannot be read", None)
                    return
                self.attempts[id(submission)] += 1
                self.stage("running")
                self.ledger.note(submission, "running", job.key, attempt=self.attempts[id(submission)])
                if self.settings.scheduler:
                    future = client.submit(work, job, pure=False, retries=0)
                else:
                    name = secrets.token_hex(8)
                    _here[name] = functools.partial(self.job, submission)
                    future = client.submit(work_here, name, pure=False, retries=0)
                    future.add_done_callback(lambda _: _here.pop(name, None))
                flight[future] = submission, job.key
                landing.add(future)

            # Only a few are in memory at a time, however many there are.
            width = 2 * workers
            for submission in itertools.islice(queue, width):
                launch(submission)
            while flight:
                self.progress.working_on([submission.student for submission, _ in flight.values()][:workers])
                future = next(landing)
                submission, key = flight.pop(future)
                try:
                    outcome = future.result()
                except Exception as lost:  # a worker that died, or could not run this code at all
                    outcome = {"failure": f"a worker was lost: {lost}"}
                future.release()
                if "result" in outcome and outcome["result"]["key"] != key:
                    outcome = {
                        "failure": "the worker has another version of the course or its checks than this machine"
                    }
                if "result" in outcome:
                    self.land(submission, outcome)
                elif self.attempts[id(submission)] < ATTEMPTS:
                    self.say(f"! {submission.student}: {outcome['failure'].splitlines()[-1]}; trying again")
                    launch(submission)
                    continue
                else:
                    self.fail(submission, outcome["failure"], key)
                for following in itertools.islice(queue, 1):
                    launch(following)

    def land(self, submission, outcome):
        result = _stamped(outcome["result"], submission)
        if (why := result["usage"].get("cold")) and not self.slow:
            self.slow = True
            self.say(f"! Every sandbox is started on its own, which is as safe and takes seconds longer: {why}")
        self.stage("keep")
        started = time.monotonic()
        self.ledger.keep(submission, result, outcome["notebook"])
        self.summary.graded += 1
        self.record(submission, result["key"])
        self.summary.stages.update(result["usage"]["stages"])
        self.summary.stages["write"] += time.monotonic() - started
        self.landed(
            submission,
            f"{result['score']:g}/{result['max_score']:g}"
            + ("" if result["status"] == "graded" else f"  {result['status']}: {result['reason']}"),
        )

    def record(self, submission, key):
        """Enter a result that is on disk into the gradebook; where that fails, a rerun does it."""
        if self.writer is None:
            self.summary.unrecorded.append(submission)
            return
        self.stage("record")
        notebook, shown = self.ledger.notebook(submission), self.ledger.autograded(submission)
        try:
            self.writer.write(self.ledger.result(submission), submission, notebook, shown)
        except GradebookError as error:
            self.say(f"! {submission.student}: {error}")
            self.summary.unrecorded.append(submission)
            return
        self.stage("autograded")
        write_safely(shown, notebook.read_text(encoding="utf-8"))
        for picture in pictures(folder_of(submission.assignment), self.settings.course):
            shutil.copyfile(picture, shown.with_name(picture.name))
        self.stage("recorded")
        self.ledger.note(submission, "recorded", key)

    def fail(self, submission, reason, key):
        self.summary.failed.append((submission, reason))
        self.ledger.note(submission, "failed", key, reason=reason)
        if self.writer is not None:
            try:
                self.writer.withdraw(submission)
            except GradebookError as error:
                self.say(f"! {error}")
        self.landed(submission, f"NOT GRADED: {reason.splitlines()[-1]}")

    def landed(self, submission, text):
        name = f" {submission.name}" if submission.name else ""
        self.progress.landed(f"{submission.assignment}  {submission.student}{name}: {text}")


def _stamped(result, submission):
    """A result with what intake knows, which may change while the file does not: names, dates, other files."""
    notes = [*map(list, submission.notes), *result["notes"][result.get("notes_of_intake", 0) :]]
    return result | {
        "notes": notes,
        "notes_of_intake": len(submission.notes),
        "late": submission.late,
        "name": submission.name,
        "timestamp": submission.timestamp and submission.timestamp.isoformat(),
        "superseded": submission.superseded,
        "receipt": submission.receipt,
        "origin": submission.origin,
    }


@contextlib.contextmanager
def _client(settings):
    """A Dask client: of the scheduler given, or of workers of our own.

    Our own are threads: all that they do is to watch two sandboxes, and threads need no
    port on which other users of this machine could send them code.
    """
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", "Sending large graph")  # a submission may have 64 MB
    if settings.scheduler:
        with Client(settings.scheduler, timeout=20) as client:
            client.wait_for_workers(1, timeout=60)
            yield client
    else:
        with (
            dask.config.set(UNWATCHED),
            LocalCluster(
                n_workers=1,
                threads_per_worker=settings.workers,
                processes=False,
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
