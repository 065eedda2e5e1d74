"""Grade one submission: (file, assignment, limits) -> result and autograded notebook.

A pure function as far as the rest of the world can see: it reads no files but the
course's own, writes none that outlive it, and knows no gradebook. It starts two
sandboxes, the student's kernel and the judge, a third if the judge asks for a kernel in
which no cell has run, and watches all.
"""

import contextlib
import functools
import hashlib
import json
import os
import secrets
import selectors
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import nbformat

from autograde import alike, match, restore
from autograde.assignment import Assignment
from autograde.isolation import bubblewrap, pool
from autograde.isolation.bubblewrap import Limits
from autograde.kernel_client import READY, REPLAYING, WANTED
from autograde.result import FORMAT, Findings, Result

MAX_FINDINGS = 64 * 2**20

#: Memory of the judge, in bytes, beyond which a kernel is filling it: the judge of an honest submission takes 30 MB, or 120 if
#: it was not forked. What it is sent it can count only when a message has arrived, and a message can have any number of parts.
FLOODED = 1024 * 2**20

#: Of each solution cell, this many characters are kept in the result, to compare answers.
MAX_ANSWER = 20_000

#: How long a kernel may take to start, in seconds.
START = 120

#: How often limits are looked at, in seconds.
LOOK = 0.05

#: How long the judge may go on after the student's time is up, in seconds.
GRACE = 60


class GraderFailure(RuntimeError):
    """The grader, not the student, failed: to be tried again, never marked 0."""


@dataclass(frozen=True)
class Job:
    """All that grading one submission depends on.

    ``data`` is the submitted file, or nothing, and ``problem`` why; ``sandboxed=False`` runs it unprotected.
    """

    student: str
    assignment: Assignment
    data: bytes
    limits: Limits = field(default_factory=Limits)
    sandboxed: bool = True
    problem: str | None = None

    @property
    def key(self):
        """Two jobs with the same key have the same result."""
        parts = [
            str(FORMAT),
            self.student,
            self.assignment.version,
            checks_version(),
            json.dumps(asdict(self.limits), sort_keys=True),
            str(self.sandboxed),
            self.problem or "",
        ]
        return hashlib.sha256("\0".join(parts).encode() + b"\0" + self.data).hexdigest()


@functools.cache
def checks_version():
    """A digest of the source of the checks that this process runs: results of others are not ours."""
    import vaelab.checks

    folder = Path(vaelab.checks.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def grade(job):
    """Grade ``job``; returns ``(result, notebook)``: a JSON object and the text of an ``.ipynb``.

    Raises :class:`GraderFailure` when no mark can be given for reasons that are not the
    student's, and :class:`~autograde.isolation.bubblewrap.SandboxMissing`.
    """
    started = time.monotonic()
    result = {
        "format": FORMAT,
        "student": job.student,
        "assignment": job.assignment.name,
        "key": job.key,
        "sha256": hashlib.sha256(job.data).hexdigest(),
        "status": "graded",
        "reason": None,
        "max_score": job.assignment.max_score,
        "notes": [],
        "usage": {},
        "sandboxed": job.sandboxed,
    }
    stages = {}
    try:
        if job.problem:
            raise restore.Damaged(job.problem)
        restored = restore.restore(job.data, job.assignment)
    except restore.Damaged as damage:
        result.update(status="unreadable", reason=str(damage))
        cells = [
            {
                "id": c.id,
                "grade_id": c.id,
                "cell_type": c.cell_type,
                "test": c.kind == "test",
                "source": c.source,
                "attachments": {},
                "nbgrader": c.metadata,
            }
            for c in job.assignment.cells
        ]
        findings = {"stopped": None, "checks": {}, "cells": []}
        cells.insert(
            0,
            {
                "id": "unreadable",
                "grade_id": None,
                "cell_type": "markdown",
                "test": False,
                "attachments": {},
                "nbgrader": None,
                "source": f"**This submission could not be read.** {damage}",
            },
        )
        beside = set()
    else:
        cells, beside = restored.cells, restored.beside
        result["notes"] = [list(note) for note in restored.notes]
        stages["intake"] = round(time.monotonic() - started, 3)
        findings, result["usage"] = run(cells, job.limits, job.sandboxed)
        match.explain(findings, restored.below, job.assignment)
        if findings["stopped"]:
            where, why = _called(cells, findings["stopped"]["cell"]), findings["stopped"]["why"]
            result.update(status="stopped", reason=f"The notebook was stopped at cell {where}: {why}.")
    judged = time.monotonic()
    result["checks"], result["written"] = score(job.assignment, cells, findings, result["reason"], beside)
    readable = result["status"] != "unreadable"
    answers = alike.own_code(cells, job.assignment) if readable else {}
    result["answers"] = {name: code[:MAX_ANSWER] for name, code in answers.items()}
    result["score"] = sum(check["points"] for check in result["checks"])
    result["versions"] = {
        "python": sys.version.split()[0],
        "checks": checks_version()[:12],
        "assignment": job.assignment.version[:12],
    }
    result["notes"] += [
        ["repair", f"cell {_called(cells, cell['id'])} sent what is no Jupyter message; it was left out"]
        for cell in findings["cells"]
        if cell.get("malformed")
    ]
    notebook = autograded(cells, findings, result)
    # Of the seconds, those of each stage; the rest went into starting and ending sandboxes.
    result["usage"]["stages"] = {
        **stages,
        **result["usage"].get("stages", {}),
        "write": round(time.monotonic() - judged, 3),
    }
    result["usage"]["seconds"] = round(time.monotonic() - started, 3)
    return result, notebook


def _called(cells, cell_id):
    """A cell as people would call it: by its name, or by how it begins."""
    cell = next(cell for cell in cells if cell["id"] == cell_id)
    first = restore.printable(cell["source"].strip().split("\n")[0])
    return cell["grade_id"] or f"“{first[:60]}{'…' if len(first) > 60 else ''}”"


def _source(cells, grade_id):
    return next((cell["source"] for cell in cells if cell["grade_id"] == grade_id), "")


def score(assignment, cells, findings, reason, beside=()):
    """Points of each test cell, and the written cells (points None: a person decides)."""
    checks, written = [], []
    for cell in assignment.cells:
        if cell.kind == "test":
            found = findings["checks"].get(cell.id)
            passed = found is not None and found["passed"] is True
            checks.append(
                {
                    "grade_id": cell.id,
                    "kind": "judged",
                    "points": cell.points if passed else 0.0,
                    "max_points": cell.points,
                    "passed": passed,
                    "hidden": cell.released != cell.source,
                    "verdicts": found["verdicts"] if found else [],
                    "reason": None if found else reason,
                }
            )
        elif cell.kind == "written":
            untouched = _source(cells, cell.id).strip() == cell.source.strip() and cell.id not in beside
            unanswered = reason is not None and not findings["cells"] or untouched
            written.append({"grade_id": cell.id, "max_points": cell.points, "points": 0.0 if unanswered else None})
    return checks, written


def autograded(cells, findings: Findings, result: Result) -> str:
    """The notebook that formgrader shows: what ran, with outputs and verdicts.

    What a notebook or UTF-8 refuses can only have come from the student. It is left out, and ``result`` notes it: first all
    outputs, then the text of the student's cells.
    """
    outputs = {cell["id"]: cell["outputs"] for cell in findings["cells"]}
    with contextlib.suppress(Exception):
        return _written(cells, outputs, result)
    result["notes"].append(["tampering", "the outputs of this notebook cannot be written; they were left out"])
    with contextlib.suppress(Exception):
        return _written(cells, {}, result)
    result["notes"].append(["tampering", "the text of this notebook cannot be written; it was left out"])
    bare = [
        cell if cell["test"] else {**cell, "source": "(This cell cannot be shown.)", "attachments": {}}
        for cell in cells
    ]
    return _written(bare, {}, result)


def _written(cells, outputs: dict[str, list], result: Result) -> str:
    """The text of a valid notebook. Raises whatever nbformat, JSON or UTF-8 do."""
    checks = {check["grade_id"]: check for check in result["checks"]}
    made = []
    for cell in cells:
        new = {"cell_type": cell["cell_type"], "id": cell["id"][:64], "metadata": {}, "source": cell["source"]}
        if cell["nbgrader"]:
            new["metadata"]["nbgrader"] = cell["nbgrader"]
        if cell["attachments"]:
            new["attachments"] = cell["attachments"]
        if cell["cell_type"] == "code":
            new["execution_count"] = None
            new["outputs"] = _shown(checks[cell["grade_id"]]) if cell["test"] else outputs.get(cell["id"], [])
        made.append(new)
    # Made whole and validated once: nbformat's own makers validate every cell, which takes longer than all else here.
    notebook = nbformat.from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "cells": made,
            "metadata": {
                "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
                "autograde": {"sha256": result["sha256"], "status": result["status"]},
            },
        }
    )
    nbformat.validate(notebook)
    text = nbformat.writes(notebook) + "\n"
    text.encode()
    return text


def _shown(check):
    """A verdict as the output of its test cell; nbgrader reads the same mark from it."""
    text = "\n".join(str(verdict.get("message", "")) for verdict in check["verdicts"]) or check["reason"] or ""
    if check["passed"]:
        return [{"output_type": "display_data", "data": {"text/plain": f"Passed. {text}"}, "metadata": {}}]
    return [{"output_type": "error", "ename": "CheckFailed", "evalue": text, "traceback": text.split("\n")}]


def run(cells, limits, sandboxed=True):
    """Run ``cells`` under the judge; returns ``(findings, usage)``."""
    with tempfile.TemporaryDirectory(dir=pool.folder()) as folder:
        connections = {
            name: {
                "transport": "ipc",
                "ip": f"{folder}/{name[0]}",
                "key": secrets.token_hex(32),
                "shell_port": 1,
                "iopub_port": 2,
                "stdin_port": 3,
                "control_port": 4,
                "hb_port": 5,
            }
            for name in ("kernel", "replayer")
        }
        Path(folder, "order.json").write_text(
            json.dumps(
                {
                    "connection": connections["kernel"],
                    "replayer": connections["replayer"],
                    "output_limit": limits.output,
                    "cells": [
                        {k: c[k] for k in ("id", "grade_id", "test", "source")}
                        for c in cells
                        if c["cell_type"] == "code"
                    ],
                }
            ),
            encoding="utf-8",
        )
        started, processes = time.monotonic(), {}

        def start(name):
            processes[name], cold = _start_kernel(connections[name], limits, sandboxed)
            return cold

        try:
            cold = start("kernel")
            processes["judge"], cold = _start_judge(folder, sandboxed, cold)
            findings, usage = _supervise(processes, start, limits, folder, started)
        finally:
            for process in processes.values():
                bubblewrap.kill(process)
            if "judge" in processes:
                processes["judge"].stdin.close()
                processes["judge"].stdout.close()
    if cold:
        usage["cold"] = cold
    return findings, usage


def _start_kernel(connection, limits, sandboxed):
    """A kernel, and None or why it had to be started the slow way."""
    cold = None
    if sandboxed:
        try:
            return pool.start_kernel(connection, limits), None
        except pool.Impossible as why:
            cold = str(why)
    return bubblewrap.start_kernel(connection, limits, sandboxed), cold


def _start_judge(folder, sandboxed, cold):
    with open(Path(folder, "judge.log"), "wb") as log:
        if sandboxed and not cold:
            try:
                return pool.start_judge(Path(folder, "order.json"), log), None
            except pool.Impossible as why:
                cold = str(why)
        argv = [sys.executable, "-m", "autograde.judge_process", f"{folder}/order.json"]
        if sandboxed:
            argv = bubblewrap.command(argv, judge=True, extra=["--ro-bind", folder, folder])
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={} if sandboxed else None,
            start_new_session=True,
        ), cold


class _Held:
    """A kernel that is held to its limits; ``stopped`` is why it has ended, ``ready`` when it was there."""

    def __init__(self, process, limits, selector):
        self.process, self.limits, self.selector = process, limits, selector
        self.watch = bubblewrap.Watch(process.pid, replace(limits, seconds=limits.seconds + START))
        self.ready = self.stopped = None
        self.pidfd = getattr(process, "pidfd", None)
        if self.pidfd:
            selector.register(self.pidfd, selectors.EVENT_READ)

    def begin(self):
        """Its time begins here: a busy machine's slow start is not the student's."""
        self.ready, self.watch = time.monotonic(), self.watch.restarted(self.limits)

    def died(self):
        """Whether it has just ended by itself."""
        if self.stopped is not None or self.process.poll() is None:
            return False
        if self.pidfd and self.process.orphaned():
            raise GraderFailure("the sandbox that kernels are forked from has ended")
        return True

    def end(self, why):
        self.stopped = why
        if self.pidfd:
            self.selector.unregister(self.pidfd)
        bubblewrap.kill(self.process)


def _supervise(processes, start, limits, folder, started):
    """Until the judge is done, hold all to their limits; then return what it found, and what was used.

    ``start("replayer")`` adds a second kernel to ``processes``, when the judge wants one.
    """
    judge = processes["judge"]
    trusted = bubblewrap.Watch(judge.pid, Limits(seconds=limits.seconds + START + GRACE))
    findings, look = bytearray(), time.monotonic() + LOOK
    with selectors.DefaultSelector() as selector:
        selector.register(judge.stdout, selectors.EVENT_READ)
        student = _Held(processes["kernel"], limits, selector)
        held = {"kernel": student}

        def stop(name, why):
            """The student's kernel takes the other one along: nothing more will be asked."""
            names = [other for other, one in held.items() if other == name or name == "kernel" and one.stopped is None]
            for other in names:
                held[other].end(why)
            _tell(judge, dict.fromkeys(names, why))

        while True:
            events = selector.select(timeout=max(0, look - time.monotonic()))
            if any(key.fileobj is judge.stdout for key, _ in events):
                piece = os.read(judge.stdout.fileno(), 1 << 20)
                findings += piece
                while line := next((line for line in (READY, WANTED, REPLAYING) if findings.startswith(line)), None):
                    del findings[: len(line)]
                    if line == WANTED:
                        start("replayer")
                        held["replayer"] = _Held(processes["replayer"], limits, selector)
                        if student.stopped is not None:
                            stop("replayer", student.stopped)
                    else:
                        held["kernel" if line == READY else "replayer"].begin()
                if not piece or len(findings) > MAX_FINDINGS:
                    break
            for name, one in held.items():
                if one.died():
                    stop(name, "its kernel died")
            if time.monotonic() < look:
                continue
            look = time.monotonic() + LOOK
            for name, one in held.items():
                if one.stopped is None and (why := one.watch.exceeded()):
                    stop(name, why)
            why = trusted.exceeded()
            if trusted.peak_memory > FLOODED and student.stopped is None:
                stop("kernel", "its kernel sent more at once than can be read")
            elif why:
                raise GraderFailure(f"the judge was stopped: {why}")
    usage = {
        "peak_memory": student.watch.peak_memory,
        "processes": student.watch.peak_processes,
        "kernel_seconds": round(student.watch.seconds(), 3),
        "judge_memory": trusted.peak_memory,
    }
    try:
        if judge.wait(timeout=10) != 0:
            raise GraderFailure(f"the judge failed: {_last_words(folder)}")
        found = json.loads(findings)
    except (subprocess.TimeoutExpired, ValueError):
        raise GraderFailure(f"the judge gave no findings: {_last_words(folder)}") from None
    if student.ready is None:
        raise GraderFailure(f"the student's kernel did not start: {student.stopped}")
    if student.stopped is None and any(one.ready is None for one in held.values()):
        raise GraderFailure(f"the kernel for replays did not start: {held['replayer'].stopped}")
    usage["output"] = found["received"]
    usage["stages"] = {"kernel": round(student.ready - started, 3), **found["stages"]}
    return found, usage


def _tell(judge, ended):
    """Kernels that have ended, and why; unless the judge is done by now."""
    with contextlib.suppress(BrokenPipeError):
        os.write(judge.stdin.fileno(), json.dumps(ended).encode() + b"\n")


def _last_words(folder):
    text = Path(folder, "judge.log").read_text(encoding="utf-8", errors="replace").strip()
    return text[-1500:] or "(it said nothing)"
