"""Sandboxes that start in milliseconds: forked from processes that have imported everything.

Each process of ours that grades keeps *nurseries*: a sandbox for students' kernels, one for processes
that replay graphs, and one for judges and readers of files. They share nothing. In each runs
:mod:`autograde.isolation.forkserver`, which says how a child is isolated. Here is the outside: start a
nursery, order a child, hold on to it.

A judge could be reused as it is, since it never runs a student's code; but it reads what a
student's kernel sends, and a fresh one for each submission costs 20 ms and has no past.

Where no child can be forked (an old kernel, a strict security module), the functions
that start one raise :class:`Impossible`, and the caller starts a sandbox the slow way,
which is no weaker.
"""

import atexit
import contextlib
import os
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from autograde.isolation import folders, kernels, shown
from autograde.isolation.limits import Limits
from autograde.isolation.nursery import KERNEL, REPLAYER, TRUSTED, Child, Impossible, Nursery
from autograde.isolation.sandbox import chosen

__all__ = [
    "KERNEL",
    "REPLAYER",
    "TRUSTED",
    "Child",
    "Impossible",
    "get_ready",
    "preload",
    "start_kernel",
    "start_replayer",
    "start_trusted",
]

#: After so many failures in a row, this process tries no more.
FAILURES = 2
#: Why a nursery has ended that hides less than there is to hide by now.
REPLACED = "another one has replaced it"


class _Nurseries:
    """Those of this process."""

    def __init__(self) -> None:
        self.lock, self.failures = threading.Lock(), 0
        self.of: dict[tuple, Nursery] = {}
        self.imports: tuple[str, ...] | None = None
        self.why: str | None = None

    def end(self, pid: int) -> None:
        if pid == os.getpid():  # and not in a fork of that process
            with self.lock:
                self.why = "the grader has ended"  # a thread that still grades starts nothing any more
                for nursery in self.of.values():
                    nursery.end()

    def get(self, role: str) -> Nursery:
        """The nursery of a role. Once there is more to hide, that is another one: what it shows is shown for good."""
        folder, imports = folders.common(), self.imports if role == KERNEL else None
        key = (role, imports, *sorted(shown.private()), *sorted(shown.hidden()))
        with self.lock:
            if self.why is not None:
                raise Impossible(self.why)
            if not self.of:
                atexit.register(self.end, os.getpid())
            if key not in self.of or not self.of[key].alive():
                self._end_idle(role)
                self.of[key] = Nursery(role, folder, imports=imports)
            return self.of[key]

    def _end_idle(self, role: str) -> None:
        """End nurseries that a new one of the same role replaces, once nothing runs in them: each holds 400 MB."""
        for key in [key for key, nursery in self.of.items() if key[0] == role and not nursery.children]:
            self.of.pop(key).end(REPLACED)

    def fork(self, role: str, module: str, arguments: dict[str, Any], descriptors: Sequence[int], **sees: Any) -> Child:
        nursery = self.get(role)
        try:
            child = nursery.fork(module, arguments, descriptors, **sees)
        except Impossible as failure:
            if nursery.why == REPLACED:
                return self.fork(role, module, arguments, descriptors, **sees)
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


_nurseries = _Nurseries()
# A fork of a grader's process has none: they are its parent's.
os.register_at_fork(after_in_child=_begin)


def preload(imports: Sequence[str] | None) -> None:
    """Say which modules students' kernels will import; None: those of this course."""
    _nurseries.imports = None if imports is None else tuple(imports)


def get_ready(*roles: str) -> None:
    """Begin to import, in the background."""
    with contextlib.suppress(Impossible):
        for role in roles or (KERNEL, TRUSTED):
            _nurseries.get(role)


def start_kernel(connection: dict[str, Any], limits: Limits) -> Child:
    """A student's kernel, as :func:`autograde.isolation.kernels.start_kernel` starts it, forked. Raises :class:`Impossible`."""
    sockets = kernels.listen(connection)
    try:
        order = {
            "connection": connection,
            "addresses": kernels.addresses(connection),
            "limits": chosen().limits(limits),
        }
        return _nurseries.fork(KERNEL, "kernel_entry", order, [s.fileno() for s in sockets])
    finally:
        for server in sockets:
            server.close()


def start_replayer(server: socket.socket, limits: Limits) -> Child:
    """The same for a process that replays graphs: forked from another one, so that no student knows its layout in memory from their own."""
    return _nurseries.fork(REPLAYER, "replay_entry", {"limits": chosen().limits(limits)}, [server.fileno()])


def start_trusted(module: str, order: Path, log: IO[bytes]) -> Child:
    """A process of ours that runs ``module`` on an order in a file in a folder of :func:`autograde.isolation.folders.common`, forked.

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
