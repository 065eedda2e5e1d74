"""A process that has imported everything and forks sandboxes, seen from outside; and one that it has forked."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from autograde.isolation.kernels import ENTRIES
from autograde.isolation.sandbox import Sandbox, chosen
from autograde.isolation.tenancy import Tenancy

#: How long a nursery may take to import everything, and then to fork a child, in seconds.
IMPORT, FORK = 120, 20

TRUSTED, KERNEL, REPLAYER = "trusted", "kernel", "replayer"

#: The modules that a fork server's children can run, by role; and what it imports beforehand, for kernels.
MODULES = {
    TRUSTED: ("autograde.judge_process", "autograde.reader"),
    KERNEL: ("kernel_entry",),
    REPLAYER: ("replay_entry",),
}
PRELOAD = {TRUSTED: None, KERNEL: "notebooks", REPLAYER: "replays"}


class Impossible(RuntimeError):
    """No child could be forked; the message says why."""


class Child:
    """The first process of a forked sandbox, with the methods of a ``Popen`` that the grader uses.

    ``pid`` is its number out here. ``pidfd`` becomes readable when it has ended, and with it
    everything in its sandbox; it never stands for another process, as a number may.
    """

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None

    def __init__(self, pidfd: int, nursery: "Nursery", tenancy: Tenancy) -> None:
        self.pidfd: int | None = pidfd
        self.nursery, self.tenancy = nursery, tenancy
        fields = Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii").splitlines()
        self.pid = next(int(line.split()[1]) for line in fields if line.startswith("Pid:"))

    def poll(self):
        """None while it runs, else 0: how it ended is known in its sandbox only."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout=None):
        if self.pidfd is not None and not select.select([self.pidfd], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("a forked sandbox", timeout)
        return 0

    def kill(self):
        """End everything in its sandbox; return when nothing is left."""
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, self.tenancy.last_signal)
            self.wait()
            os.close(self.pidfd)
            self.pidfd = None
            self.tenancy.end()
            self.nursery.children.discard(id(self))

    def orphaned(self):
        """Whether it has ended because its nursery did: nobody's fault in there."""
        return not self.nursery.alive(patience=0.2)


class Nursery:
    """A running :mod:`autograde.isolation.forkserver` of a ``role``.

    ``folder`` is where the folders of jobs are; trusted processes are shown their own. ``imports``: see
    :func:`autograde.isolation.pool.preload`. A nursery ends with the process that started it: it hears that its socket has been
    closed.
    """

    def __init__(
        self, role: str, folder: str, sandbox: Sandbox | None = None, imports: Sequence[str] | None = None
    ) -> None:
        self.role, self.jobs = role, folder if role == TRUSTED else None
        self.sandbox, judge = sandbox or chosen(), role == TRUSTED
        self.orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {"socket": theirs.fileno(), "preload": PRELOAD[role], "imports": imports, "modules": MODULES[role]}
        settings |= self.sandbox.settings(judge)
        program = [sys.executable, self.sandbox.program("forkserver"), json.dumps(settings)]
        programs = ["forkserver"] if judge else ["forkserver", "preload", *ENTRIES]
        line = self.sandbox.command(program, judge=judge, warm=True, programs=programs, shows=[folder] if judge else [])
        with theirs:
            self.process = subprocess.Popen(
                line,
                env=self.sandbox.environment(judge),
                cwd="/",
                start_new_session=True,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        self.lock, self.patience = threading.Lock(), IMPORT
        self.why: str | None = None  # it has ended
        self.said = b""
        self.children: set[int] = set()  # which are held on to

    def fork(
        self,
        module: str,
        arguments: dict[str, Any],
        descriptors: Sequence[int],
        keep: Sequence[str] = (),
    ) -> Child:
        """A :class:`Child` in which the ``begin`` of ``module``, one of this role's, runs with ``arguments``.

        ``keep`` are folders of jobs that it sees. Raises :class:`Impossible`.
        """
        tenancy = self.sandbox.tenancy()
        try:
            order = self.sandbox.order(tenancy, self.jobs, keep=keep)
            pidfd = self._ask(json.dumps({"module": module, "arguments": arguments, **order}).encode(), descriptors)
        except BaseException:
            tenancy.end()
            raise
        child = Child(pidfd, self, tenancy)
        self.children.add(id(child))
        return child

    def _ask(self, order: bytes, descriptors: Sequence[int]) -> int:
        """Send an order; the pidfd of the child."""
        answer, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with answer, self.lock:
            if self.why is not None:
                raise Impossible(self.why)
            try:
                with theirs:
                    socket.send_fds(self.orders, [order], [theirs.fileno(), *descriptors])
                answer.settimeout(self.patience)
                said, pidfds, *_ = socket.recv_fds(answer, 65536, 1)
            except OSError as error:  # among them, TimeoutError
                raise Impossible(f"the sandbox to fork from does not answer: {error}. {self.last_words()}") from None
            if not said:
                raise Impossible(f"the sandbox to fork from has ended. {self.last_words()}")
            self.patience = FORK
        if not pidfds:
            raise Impossible(json.loads(said)["error"])
        return pidfds[0]

    def last_words(self):
        """What it wrote before it was ready to fork; every thread that met its end is told the same."""
        with contextlib.suppress(ValueError):  # closed: another thread has read it, and ended this
            os.set_blocking(self.process.stderr.fileno(), False)
            self.said += self.process.stderr.read() or b""
        text = self.said.decode(errors="replace").strip()
        return text.splitlines()[-1][:300] if text else ""

    def alive(self, patience=0.0):
        """Whether it is there, if need be after so many seconds."""
        watch = select.poll()
        watch.register(self.orders, 0)
        return not watch.poll(patience * 1000)

    def end(self, why="it was ended"):
        self.why = why
        self.orders.close()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
