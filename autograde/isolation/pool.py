"""Sandboxes that start in milliseconds: forked from processes that have imported everything.

Each process of ours that grades keeps *nurseries*: a sandbox for students' kernels, one for kernels
that replay graphs, and one for judges and readers of files. They share nothing. In each runs
:mod:`autograde.isolation.forkserver`, which says how a child is isolated. Here is the outside: start a
nursery, order a child, hold on to it.

A judge could be reused as it is, since it never runs a student's code; but it reads what a
student's kernel sends, and a fresh one for each submission costs 20 ms and has no past.

Where no child can be forked (an old kernel, a strict security module), :func:`start_kernel` and
:func:`start_trusted` raise :class:`Impossible`, and the caller starts a sandbox the slow way,
which is no weaker.
"""

import atexit
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from autograde.isolation import bubblewrap
from autograde.isolation.bubblewrap import Limits

#: How long a nursery may take to import everything, and then to fork a child, in seconds.
IMPORT, FORK = 120, 20

#: After so many failures in a row, this process tries no more.
FAILURES = 2

TRUSTED, KERNEL, REPLAYER = "trusted", "kernel", "replayer"

#: The modules that a fork server's children can run, by role; and what it imports beforehand, for kernels.
MODULES = {
    TRUSTED: ("autograde.judge_process", "autograde.reader"),
    KERNEL: ("kernel_entry",),
    REPLAYER: ("kernel_entry",),
}
PRELOAD = {TRUSTED: None, KERNEL: "notebooks", REPLAYER: "replays"}


class Impossible(RuntimeError):
    """No child could be forked; the message says why."""


class Child:
    """The first process of a forked sandbox, with the methods of a ``Popen`` that the grader uses.

    ``pid`` is its number out here. ``pidfd`` becomes readable when it has ended, and with it
    everything in its sandbox; it never stands for another process, as a number may.
    """

    stdin = stdout = None

    def __init__(self, pidfd, nursery):
        self.pidfd, self.nursery = pidfd, nursery
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
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            self.wait()
            os.close(self.pidfd)
            self.pidfd = None

    def orphaned(self):
        """Whether it has ended because its nursery did: nobody's fault in there."""
        return not self.nursery.alive(patience=0.2)


class Nursery:
    """A running :mod:`autograde.isolation.forkserver` of a ``role``.

    ``folder`` is where the folders of jobs are; trusted processes are shown their own. A nursery ends
    with the process that started it: it hears that its socket has been closed.
    """

    def __init__(self, role: str, folder: str) -> None:
        self.role, self.folder = role, folder
        inside = ["forkserver"] if role == TRUSTED else ["forkserver", "preload", "kernel_entry"]
        extra = [
            arg for name in inside for arg in ("--ro-bind", str(bubblewrap.HERE / f"{name}.py"), f"/run/{name}.py")
        ]
        if role == TRUSTED:
            extra += ["--ro-bind", folder, folder]
        self.orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {"socket": theirs.fileno(), "preload": PRELOAD[role], "modules": MODULES[role]}
        program = [sys.executable, "/run/forkserver.py", json.dumps(settings)]
        line = bubblewrap.command(program, judge=role == TRUSTED, warm=True, extra=extra)
        with theirs:
            self.process = subprocess.Popen(
                line,
                env={},
                start_new_session=True,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        self.lock, self.patience = threading.Lock(), IMPORT
        self.why = None  # it has ended
        self.said = b""

    def fork(
        self,
        module: str,
        arguments: dict[str, Any],
        descriptors: Sequence[int],
        keep: Sequence[str] = (),
    ) -> Child:
        """A :class:`Child` in which the ``begin`` of ``module``, one of this role's, runs with ``arguments``.

        ``keep`` are folders below scratch folders that it sees. Raises :class:`Impossible`.
        """
        scratch = dict(bubblewrap.SCRATCH)
        if self.role == TRUSTED:
            scratch[self.folder] = bubblewrap.MB
        order = json.dumps(
            {
                "module": module,
                "arguments": arguments,
                "scratch": list(scratch.items()),
                "keep": [*bubblewrap.below_scratch(self.role == TRUSTED), *keep],
            }
        ).encode()
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
        return Child(pidfds[0], self)

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


#: What the folders of jobs are called in the system's temporary folder, and the file in each that its process holds locked.
PREFIX, LOCK = "autograde-", "lock"


def _lock(path):
    """An open file, locked for as long as it or a fork's copy of it is open. Raises OSError if another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _make_folder():
    """A new folder, and its lock."""
    folder = tempfile.mkdtemp(prefix=PREFIX)
    lock = _lock(Path(folder, f".{LOCK}"))
    os.rename(Path(folder, f".{LOCK}"), Path(folder, LOCK))  # whoever sees the file finds it locked
    return folder, lock


def _remove_abandoned():
    """Remove the folders of processes that were killed: ours by name and owner, with a lock that nobody holds."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or removed by another grader meanwhile
            status = folder.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and (folder / LOCK).exists():
                lock = _lock(folder / LOCK)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


class _Nurseries:
    """Those of this process, and the folder in which its jobs have theirs."""

    def __init__(self):
        self.lock, self.of, self.failures, self.why, self._folder = threading.Lock(), {}, 0, None, None

    def folder(self):
        with self.lock:
            if self._folder is None:
                _remove_abandoned()
                self._folder, self._folder_lock = _make_folder()
                atexit.register(self.end, os.getpid())
            return self._folder

    def end(self, pid):
        if pid == os.getpid():  # and not in a fork of that process
            for nursery in self.of.values():
                nursery.end()
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._folder_lock)

    def get(self, role: str) -> Nursery:
        """The nursery of a role. Once there is more to hide, that is another one: what it shows is shown for good."""
        folder, key = self.folder(), (role, *bubblewrap.private())
        with self.lock:
            if self.why is not None:
                raise Impossible(self.why)
            if key not in self.of or not self.of[key].alive():
                self.of[key] = Nursery(role, folder)
            return self.of[key]

    def fork(self, role: str, module: str, arguments: dict[str, Any], descriptors: Sequence[int], **sees: Any) -> Child:
        nursery = self.get(role)
        try:
            child = nursery.fork(module, arguments, descriptors, **sees)
        except Impossible as failure:
            with self.lock:
                key = next((key for key, other in self.of.items() if other is nursery), None)
                if key is not None:  # else another thread met the same failure
                    self.of.pop(key).end(str(failure))
                    self.failures += 1
                if self.failures >= FAILURES:
                    self.why = str(failure)
            raise
        self.failures = 0
        return child


def _begin():
    global _nurseries
    _nurseries = _Nurseries()


_begin()
# A fork of a grader's process has none: they are its parent's.
os.register_at_fork(after_in_child=_begin)


def get_ready(*roles: str) -> None:
    """Begin to import, in the background."""
    with contextlib.suppress(Impossible):
        for role in roles or (KERNEL, TRUSTED):
            _nurseries.get(role)


def folder() -> str:
    """Where the folders of jobs must be, for trusted processes to see their own."""
    return _nurseries.folder()


def start_kernel(role: str, connection: dict[str, Any], limits: Limits) -> Child:
    """A kernel, as :func:`autograde.isolation.bubblewrap.start_kernel` starts it, forked. Raises :class:`Impossible`.

    Of the ``role`` KERNEL are the students'. A kernel of the role REPLAYER is forked from another process, so that no student
    knows its layout in memory from their own.
    """
    sockets = bubblewrap.listen(connection)
    try:
        order = {"connection": connection, "addresses": bubblewrap.addresses(connection), "limits": asdict(limits)}
        return _nurseries.fork(role, "kernel_entry", order, [s.fileno() for s in sockets])
    finally:
        for server in sockets:
            server.close()


def start_trusted(module: str, order: Path, log: IO[bytes]) -> Child:
    """A process of ours that runs ``module`` on an order in a file in a folder of :func:`folder`, forked.

    It writes errors to the open file ``log``; events go to its ``stdin``, what it has to say comes from its ``stdout``.
    Raises :class:`Impossible`.
    """
    events, said = os.pipe(), os.pipe()
    try:
        descriptors = [events[0], said[1], log.fileno()]
        child = _nurseries.fork(TRUSTED, module, {"order": str(order)}, descriptors, keep=[str(order.parent)])
    except Impossible:
        os.close(events[1])
        os.close(said[0])
        raise
    finally:
        os.close(events[0])
        os.close(said[1])
    child.stdin, child.stdout = open(events[1], "wb"), open(said[0], "rb")
    return child
