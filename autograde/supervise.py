"""Start the processes that grade one submission, and hold each of them to its limits until the last is done.

Four kinds of process, each in a sandbox of its own: the reader of the submitted file, the judge, the student's kernel, and a
process for replays, if the judge wants one. None of them is trusted with more than its own work: what the reader and the judge
write is read here, and bounded. Nothing that a student can send ends in :class:`GraderFailure`.
"""

import base64
import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from autograde import launch, reader
from autograde.cells import Assignment
from autograde.isolation import kernels, pool
from autograde.isolation.limits import Limits
from autograde.isolation.tenancy import tenancy_of
from autograde.isolation.watch import Watch, kill
from autograde.kernel_client import READY, REPLAYING, WANTED
from autograde.launch import Process
from autograde.restore import Restored, RestoredCell
from autograde.result import Findings, Usage
from autograde.submitted import Damaged

#: What the judge, and the reader, may write at most, in bytes: outputs that are kept, and verdicts; a notebook's text.
MAX_FINDINGS, MAX_READ = 24 * 2**20, 48 * 2**20

#: Memory of the judge, in bytes, beyond which a kernel is filling it: the judge of an honest submission takes 30 MB, or 120 if
#: it was not forked. What it is sent it can count only when a message has arrived, and a message can have any number of parts.
FLOODED = 1024 * 2**20

#: What reading a file may take: seconds of a busy machine, bytes (:data:`autograde.reader.MEMORY` and a margin), processes.
READING = Limits(memory=reader.MEMORY + 2**28, seconds=90, processes=8)

#: How long a kernel may take to start, in seconds.
START = 120

#: How often limits are looked at, in seconds.
LOOK = 0.05

#: How long the judge may go on after the student's time is up, in seconds.
GRACE = 60

KERNEL, REPLAYER = pool.KERNEL, pool.REPLAYER


class GraderFailure(RuntimeError):
    """The grader, not the student, failed: to be tried again, never marked 0."""


class Held:
    """A kernel that is held to its limits; ``stopped`` is why it has ended, ``ready`` when it was there."""

    def __init__(self, process: Process, limits: Limits, watch: Callable[..., Watch] = Watch) -> None:
        self.process, self.limits = process, limits
        self.watch = watch(process.pid, replace(limits, seconds=limits.seconds + START), tenancy_of(process))
        self.ready: float | None = None
        self.stopped: str | None = None
        self.pidfd: int | None = getattr(process, "pidfd", None)

    def begin(self) -> None:
        """Its time begins here: a busy machine's slow start is not the student's."""
        self.ready, self.watch = time.monotonic(), self.watch.restarted(self.limits)

    def died(self) -> bool:
        """Whether it has just ended by itself."""
        if self.stopped is not None or self.process.poll() is None:
            return False
        if self.pidfd and self.process.orphaned():
            raise GraderFailure("the sandbox that kernels are forked from has ended")
        return True


class Supervisor:
    """Holds the judge and the kernels to their limits until the judge is done.

    ``start`` gives a second process, when the judge wants one. What happens is in three methods: :meth:`on_line`, when the judge
    has written a line; :meth:`on_exit`, when a kernel has ended by itself; :meth:`on_tick`, when limits are due to be looked at.
    """

    def __init__(
        self,
        judge: Process,
        kernel: Process,
        limits: Limits,
        start: Callable[[], Process],
        watch: Callable[..., Watch] = Watch,
    ) -> None:
        self.judge, self.limits, self.start, self.make_watch = judge, limits, start, watch
        self.trusted = watch(judge.pid, Limits(seconds=limits.seconds + START + GRACE), tenancy_of(judge))
        self.student = Held(kernel, limits, watch)
        self.held = {KERNEL: self.student}
        # A sandbox that is not forked ends with the thread that started it, so this one stays until all is done.
        self.starter = ThreadPoolExecutor(1)
        self.starting: Future[Process] | None = None  # of the process for replays
        self.written = bytearray()  # by the judge, but for the lines that were carried out
        self.given_up = False  # whether the judge was ended, because of what the student's kernel sent
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Return when the judge has written all that it has to write. Raises :class:`GraderFailure`."""
        look = time.monotonic() + LOOK
        with self.selector:
            self.selector.register(self.judge.stdout, selectors.EVENT_READ)
            self._listen(self.student)
            while not self.given_up:
                events = self.selector.select(timeout=max(0, look - time.monotonic()))
                if any(key.fileobj is self.judge.stdout for key, _ in events) and not self._read():
                    break
                for name, one in [*self.held.items()]:
                    if one.died():
                        self.on_exit(name)
                if time.monotonic() >= look:
                    look = time.monotonic() + LOOK
                    self.on_tick()

    def _read(self) -> bool:
        """Whether there is more to come of what the judge writes."""
        piece = os.read(self.judge.stdout.fileno(), 1 << 20)
        self.written += piece
        while line := next((line for line in (READY, WANTED, REPLAYING) if self.written.startswith(line)), None):
            del self.written[: len(line)]
            self.on_line(line)
        return bool(piece) and len(self.written) <= MAX_FINDINGS

    def on_line(self, line: bytes) -> None:
        """The judge says that a kernel is ready, or that it wants one for replays."""
        if line == READY:
            self.student.begin()
        elif line == REPLAYING:
            self._hold_replayer()
            self.held[REPLAYER].begin()
        elif line == WANTED and self.starting is None:
            # To start it can take seconds, in which the student's kernel must not go unwatched.
            self.starting = self.starter.submit(self.start)

    def on_exit(self, name: str) -> None:
        """A kernel has ended by itself."""
        self.stop(name, "its kernel died")

    def on_tick(self) -> None:
        """Look at all limits, and whether the process for replays has been started."""
        if self.starting is not None and self.starting.done():
            self._hold_replayer()
        for name, one in [*self.held.items()]:
            if one.stopped is None and (why := one.watch.exceeded()):
                self.stop(name, why)
        why = self.trusted.exceeded()
        if self.trusted.peak_memory > FLOODED and self.student.stopped is None:
            self.stop(KERNEL, "its kernel sent more at once than can be read")
        elif why and self.student.stopped is None:
            raise GraderFailure(f"the judge was stopped: {why}")
        elif why:
            self.given_up = True

    def _hold_replayer(self) -> None:
        """From here on the process for replays is watched. It may be ready before limits are looked at next."""
        if REPLAYER in self.held:
            return
        self.held[REPLAYER] = Held(self.starting.result(), self.limits, self.make_watch)
        self._listen(self.held[REPLAYER])
        if self.student.stopped is not None:
            self.stop(REPLAYER, self.student.stopped)

    def stop(self, name: str, why: str) -> None:
        """End a kernel. The student's takes the other one along: nothing more will be asked."""
        names = [other for other, one in self.held.items() if other == name or name == KERNEL and one.stopped is None]
        for other in names:
            one = self.held[other]
            one.stopped = why
            if one.pidfd:
                self.selector.unregister(one.pidfd)
            kill(one.process)
        with contextlib.suppress(BrokenPipeError):  # the judge is done by now
            os.write(self.judge.stdin.fileno(), json.dumps(dict.fromkeys(names, why)).encode() + b"\n")

    def close(self) -> None:
        """Wait for what is being started, so that whoever started it can end it."""
        self.starter.shutdown()

    def _listen(self, one: Held) -> None:
        if one.pidfd:
            self.selector.register(one.pidfd, selectors.EVENT_READ)

    def findings(self, last_error: Callable[[], str]) -> Findings:
        """What the judge found. Raises :class:`GraderFailure` where there is nothing, and no limit that explains it."""
        found: Findings | None = None
        with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
            if not self.given_up and self.judge.wait(timeout=10) == 0:
                found = json.loads(self.written)
        if self.student.ready is None:
            raise GraderFailure(f"the student's kernel did not start: {self.student.stopped or last_error()}")
        if found is None and self.student.stopped is None:
            raise GraderFailure(f"the judge gave no findings: {last_error()}")
        if found is None:
            return {"stopped": {"cell": "", "why": self.student.stopped}, "cells": [], "checks": {}}
        if self.student.stopped is None and any(one.ready is None for one in self.held.values()):
            raise GraderFailure(f"the process for replays did not start: {self.held[REPLAYER].stopped}")
        return found

    def usage(self) -> Usage:
        return {
            "peak_memory": self.student.watch.peak_memory,
            "processes": self.student.watch.peak_processes,
            "kernel_seconds": round(self.student.watch.seconds(), 3),
            "judge_memory": self.trusted.peak_memory,
        }


# --- what the rest of the grader asks for ---------------------------------------------------


def read(data: bytes, assignment: Assignment, sandboxed: bool = True) -> Restored:
    """The cells of a submitted file, read in a process of its own. Raises :class:`~autograde.submitted.Damaged`."""
    with launch.folder() as folder:
        Path(folder, "submission").write_bytes(data)
        launch.write_order(folder, {"file": f"{folder}/submission", "assignment": assignment.packed()})
        process, _ = launch.start_trusted("autograde.reader", folder, sandboxed)
        try:
            written, why = _all_of(process, READING, MAX_READ)
        finally:
            launch.end(process)
        if why is None and written:
            return reader.opened(written)
        # A process that ends without a word met its own limit of memory, in a library that could not say so.
        raise Damaged(f"The file cannot be read: {why or 'its content takes more memory than a notebook needs'}.")


def _all_of(process: Process, limits: Limits, most: int) -> tuple[bytes, str | None]:
    """All that ``process`` writes, up to ``most`` bytes; and which limit it passed, if it did."""
    watch, written, look = Watch(process.pid, limits, tenancy_of(process)), bytearray(), time.monotonic() + LOOK
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(written) <= most:
            if selector.select(timeout=max(0, look - time.monotonic())):
                piece = os.read(process.stdout.fileno(), 1 << 20)
                if not piece:
                    return bytes(written), None
                written += piece
            if time.monotonic() >= look:
                look = time.monotonic() + LOOK
                if why := watch.exceeded():
                    return b"", why.replace("it ", "reading it ", 1)
    return b"", "it has more text than is read"


def run(
    cells: Sequence[RestoredCell],
    limits: Limits,
    sandboxed: bool = True,
    files: Sequence[tuple[str, bytes]] = (),
) -> tuple[Findings, Usage]:
    """Run ``cells`` under the judge, with ``files`` (paths and contents) beside them.

    Raises :class:`GraderFailure`.
    """
    with launch.folder() as folder, kernels.listen_at(f"{folder}/r") as replays:
        connection = launch.connection(f"{folder}/k")
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        order = {
            "connection": connection,
            "replays": f"{folder}/r",
            "output_limit": limits.output,
            "cell_limit": limits.cell,
            "files": [[path, base64.b64encode(content).decode()] for path, content in files],
            "cells": [{key: cell[key] for key in ("id", "grade_id", "test", "source", "ordinary")} for cell in code],
        }
        launch.write_order(folder, order)
        started = time.monotonic()
        processes: list[Process] = []
        slow: list[str | None] = []

        def noted(process: Process, cold: str | None) -> Process:
            processes.append(process)
            slow.append(cold)
            return process

        def replayer() -> Process:
            with replays:  # whoever waits there hears of its end
                return noted(*launch.start_replayer(replays, limits, sandboxed))

        try:
            kernel = noted(*launch.start_kernel(connection, limits, sandboxed))
            judge = noted(*launch.start_trusted("autograde.judge_process", folder, sandboxed and not slow[0]))
            supervisor = Supervisor(judge, kernel, limits, replayer)
            try:
                supervisor.run()
            finally:
                supervisor.close()
            findings = supervisor.findings(lambda: launch.last_error(folder))
        finally:
            for process in processes:
                launch.end(process)
        usage = supervisor.usage()
        usage["output"] = findings.get("received", 0)
        usage["stages"] = {"kernel": round(supervisor.student.ready - started, 3), **findings.get("stages", {})}
        if why := next(filter(None, slow), None):
            usage["cold"] = why
        return findings, usage
