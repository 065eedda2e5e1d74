"""One run over submissions: what is in flight, and what becomes of each when it lands."""

import functools
import shutil
import time
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograde import beside, dispatch
from autograde.cells import Assignment, folder_of
from autograde.course import cell_limit, imports, pictures
from autograde.gradebook import GradebookError, Writer
from autograde.intake import Submission
from autograde.job import Job
from autograde.ledger import Ledger, write_safely
from autograde.progress import Lines
from autograde.result import Result

if TYPE_CHECKING:
    from autograde.pipeline import Settings, Summary

#: How often one submission is tried before the grader gives up on it.
ATTEMPTS = 3


def needed(names: Iterable[str], assignments: Mapping[str, Assignment], course: Path) -> tuple[str, ...] | None:
    """What kernels of these assignments will import, or None where the tests are this course's own, whose kernels need more."""
    if any(cell.judged for name in names for cell in assignments[name].cells if cell.kind == "test"):
        return None
    return tuple(imports(sorted(map(folder_of, names)), course))


class Run:
    """One run's state: what is in flight, and what to do when it lands."""

    def __init__(
        self,
        settings: "Settings",
        assignments: Mapping[str, Assignment],
        names: Collection[str],
        ledger: Ledger,
        writer: Writer | None,
        summary: "Summary",
        progress: Lines,
        stage: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.settings, self.assignments, self.ledger = settings, assignments, ledger
        self.writer, self.summary, self.stage = writer, summary, stage
        self.progress, self.say = progress, progress.say
        self.attempts: Counter[int] = Counter()  # by a submission's id
        self.slow = False
        self.workers: dispatch.Workers  # while there are some
        self.waiting: deque[Submission] = deque()
        self.flight: dict[int, tuple[Submission, str]] = {}  # by the workers' names: (submission, key)
        self.imports = needed(names, assignments, settings.course)
        self.at_a_time = settings.workers or dispatch.default_workers(any(assignments[name].replays for name in names))
        self.limits = replace(settings.limits, cell=cell_limit(settings.course))
        self.given = {name: beside.of_assignment(folder_of(name), settings.course) for name in names}
        self.recorded = {name: writer.students(name) for name in names} if writer else {}

    def all(self) -> None:
        """Grade what is not graded yet; of all else, see that the gradebook has it."""
        pending = [submission for submission in self.summary.submissions if not self.known(submission)]
        if self.summary.reused:
            self.say(f"{self.summary.reused} of {len(self.summary.submissions)} were graded before and are unchanged.")
        if pending:
            self.progress.begin(len(pending))
            self.distribute(pending)

    def known(self, submission: Submission) -> bool:
        """Whether a submission is graded, and in the gradebook; if not, it is noted as queued."""
        job = self.job(submission)
        if job is None:
            return False
        state = "queued" if self.settings.regrade else self.ledger.state(submission, job.key)
        if state not in ("done", "recorded"):
            self.ledger.note(submission, "queued", job.key)
            return False
        self.summary.reused += 1
        if self.refresh(submission):
            state = "done"
        if state == "done" or submission.student not in self.recorded.get(submission.assignment, ()):
            self.record(submission, job.key)
        return True

    def job(self, submission: Submission) -> Job | None:
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
            self.limits,
            self.settings.sandboxed,
            problem,
            self.settings.hidden,
            beside.together(self.given[submission.assignment], submission.beside),
            self.imports,
        )

    def refresh(self, submission: Submission) -> bool:
        """Whether what intake knows of a graded submission has changed; the result on the disk then says so."""
        old = self.ledger.result(submission)
        new = _stamped(old, submission)
        if new != old:
            self.ledger.keep(submission, new, self.ledger.notebook(submission).read_text(encoding="utf-8"))
        return new != old

    def distribute(self, pending: Iterable[Submission]) -> None:
        """Have all of ``pending`` graded. Only a few are in memory at a time, however many there are."""
        with dispatch.started(self.settings.scheduler, self.at_a_time) as self.workers:
            self.waiting.extend(pending)
            while self.step():
                pass

    def step(self, timeout: float | None = None) -> bool:
        """Start what waits, and take in one that is done, for which it waits ``timeout`` seconds. False if there is nothing to do."""
        while self.waiting and len(self.flight) < 2 * self.workers.number:
            self.launch(self.waiting.popleft())
        if not self.flight:
            return False
        self.progress.working_on([submission.student for submission, _ in self.flight.values()][: self.workers.number])
        found = self.workers.landed(timeout)
        if found is not None:
            name, outcome = found
            self.take(*self.flight.pop(name), outcome)
        return True

    def launch(self, submission: Submission) -> None:
        job = self.job(submission)
        if job is None:
            self.unreadable(submission)
            return
        self.attempts[id(submission)] += 1
        self.stage("running")
        self.ledger.note(submission, "running", job.key, attempt=self.attempts[id(submission)])
        name = self.workers.start(job, functools.partial(self.job, submission))
        self.flight[name] = submission, job.key

    def unreadable(self, submission: Submission) -> None:
        """Its file was there when the folder was looked at."""
        self.fail(submission, "its file cannot be read", None)

    def take(self, submission: Submission, key: str, outcome: dict[str, Any]) -> None:
        """Keep what a worker said of a submission, or have it tried again."""
        if "result" in outcome and outcome["result"]["key"] != key:
            outcome = {"failure": "the worker has another version of the course or its checks than this machine"}
        if "result" in outcome:
            self.land(submission, outcome)
        elif self.attempts[id(submission)] < ATTEMPTS:
            self.say(f"! {submission.student}: {outcome['failure'].splitlines()[-1]}; trying again")
            self.launch(submission)
            return
        else:
            self.fail(submission, outcome["failure"], key)
        del self.attempts[id(submission)]

    def land(self, submission: Submission, outcome: dict[str, Any]) -> None:
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
        self.summary.stages.update({"write": time.monotonic() - started})
        self.landed(
            submission,
            f"{result['score']:g}/{result['max_score']:g}"
            + ("" if result["status"] == "graded" else f"  {result['status']}: {result['reason']}"),
        )

    def record(self, submission: Submission, key: str) -> None:
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
        self.recorded.setdefault(submission.assignment, set()).add(submission.student)

    def fail(self, submission: Submission, reason: str, key: str | None) -> None:
        self.summary.failed.append((submission, reason))
        self.ledger.note(submission, "failed", key, reason=reason)
        if self.writer is not None:
            try:
                self.writer.withdraw(submission)
            except GradebookError as error:
                self.say(f"! {error}")
        self.landed(submission, f"NOT GRADED: {reason.splitlines()[-1]}")

    def landed(self, submission: Submission, text: str) -> None:
        name = f" {submission.name}" if submission.name else ""
        self.progress.landed(f"{submission.assignment}  {submission.student}{name}: {text}")


def _stamped(result: Result, submission: Submission) -> Result:
    """A result with what intake knows, which may change while the file does not: names, dates, other files."""
    notes = [*map(list, submission.notes), *result["notes"][result.get("notes_of_intake", 0) :]]
    return result | {
        "notes": notes,
        "notes_of_intake": len(submission.notes),
        "late": submission.late,
        "name": submission.name,
        "timestamp": submission.timestamp.isoformat() if submission.timestamp else None,
        "superseded": submission.superseded,
        "receipt": submission.receipt,
        "origin": submission.origin,
    }
