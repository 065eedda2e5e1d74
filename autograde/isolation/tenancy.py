"""What one sandbox without namespaces has to itself: a folder to write in and, where the grader is root, a user id."""

import contextlib
import errno
import os
import pwd
import random
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

#: User ids that are given out: systemd's range for services of a moment, which distributions leave to such uses.
IDS = range(61184, 65520)


class Tenancy:
    """Without arguments: of a sandbox that is made of namespaces, and ends with its first process."""

    uid: int | None = None
    scratch: str | None = None
    #: What ends its first process, and with that everything in it.
    last_signal: int = signal.SIGKILL

    def own(self, folder: str) -> None:
        """Let the processes in there read what is in ``folder``, and connect to the sockets that will be."""

    def looking(self) -> contextlib.AbstractContextManager[None]:
        """While it lasts, this thread may look at its processes as they may at each other."""
        return contextlib.nullcontext()

    def end(self) -> None:
        """Called when its first process has ended: nothing of it is left afterwards."""


def tenancy_of(process: object) -> Tenancy:
    """What a process that was started or forked has to itself; one that runs in no sandbox has nothing."""
    return getattr(process, "tenancy", None) or Tenancy()


class Confined(Tenancy):
    """Of a sandbox that is not: the folder lies in ``folder``, and is removed at the end."""

    last_signal = signal.SIGTERM  # its first process ends the others before itself

    def __init__(self, folder: str, own_id: bool) -> None:
        self._lease = _lease() if own_id else None
        self.uid = self._lease[0] if self._lease else None
        self.scratch = tempfile.mkdtemp(dir=folder, prefix="scratch-")
        for path in (f"{self.scratch}/home", f"{self.scratch}/tmp"):
            os.mkdir(path, 0o700)
            self.own(path)
        self.own(self.scratch)

    def own(self, folder: str) -> None:
        if self.uid is not None:
            for path in (folder, *(f"{folder}/{name}" for name in os.listdir(folder))):
                os.chown(path, self.uid, self.uid, follow_symlinks=False)

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        if self.uid is None:
            yield
            return
        with _as(self.uid):
            yield

    def end(self) -> None:
        if self._lease:
            end_all(self._lease[0])
            self._lease[1].close()
            self._lease = None
        if self.scratch is not None:
            remove(self.scratch)
            self.scratch = None


@contextlib.contextmanager
def _as(uid: int) -> Iterator[None]:
    """Look at files, and at /proc, as ``uid``: in this thread alone, and without the rights of root meanwhile."""
    import ctypes

    libc = ctypes.CDLL(None)
    libc.setfsgid(uid)
    libc.setfsuid(uid)
    try:
        yield
    finally:
        libc.setfsuid(os.geteuid())
        libc.setfsgid(os.getegid())


def in_use(uid: int) -> bool:
    """Whether a process has this user id. Its status is read: the owner of its folder in /proc is root, if it hides."""
    for path in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            ids = next(line for line in path.read_text(errors="replace").splitlines() if line.startswith("Uid:"))
            if str(uid) in ids.split()[1:]:
                return True
    return False


def _lease() -> tuple[int, socket.socket]:
    """A user id that nobody has, and what holds it: another grader on this machine cannot have the same at the same time.

    One that a process has already is somebody else's, of a service of systemd's perhaps: that process must not be ended with a sandbox.
    """
    for uid in random.SystemRandom().sample(IDS, len(IDS)):
        with contextlib.suppress(KeyError):
            pwd.getpwuid(uid)
            continue
        held = socket.socket(socket.AF_UNIX)
        try:
            held.bind(f"\0autograde-uid-{uid}")
        except OSError as error:
            held.close()
            if error.errno == errno.EADDRINUSE:
                continue
            raise
        if not in_use(uid):
            return uid, held
        held.close()
    raise OSError("no user id is free for a sandbox")


def end_all(uid: int) -> None:
    """End every process of a user id that is used for sandboxes."""
    assert uid in IDS
    # As that user: then -1 means all of its processes, and nobody else's.
    line = ["/bin/sh", "-c", "kill -KILL -1"]
    subprocess.run(line, user=uid, group=uid, extra_groups=[], stderr=subprocess.DEVNULL, env={}, cwd="/")


def remove(folder: str) -> None:
    """Remove what somebody's code left, however deep it is and whatever its modes are."""
    done = subprocess.run(["rm", "-rf", "--one-file-system", folder], stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        subprocess.run(["chmod", "-R", "u+rwX", folder], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", "--one-file-system", folder], stderr=subprocess.DEVNULL)


def size(folder: str, most: int) -> int:
    """Bytes on the disk that are in ``folder``; counting stops soon after ``most``. A file's name counts for 4 KB."""
    total, queue = 0, [folder]
    while queue and total <= most:
        with contextlib.suppress(OSError), os.scandir(queue.pop()) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                total += 512 * status.st_blocks + 4096
                if entry.is_dir(follow_symlinks=False):
                    queue.append(entry.path)
                if total > most:
                    break
    return total


def deleted(pids: list[int], folder: str) -> int:
    """Bytes of files that have been deleted from ``folder`` and are still open or mapped in one of the processes."""
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{name}")
                    if status.st_nlink == 0:
                        found[status.st_dev, status.st_ino] = 512 * status.st_blocks
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
                if folder in line and line.endswith("(deleted)"):
                    addresses, _, _, device, inode, *_ = line.split()
                    begin, end = (int(number, 16) for number in addresses.split("-"))
                    major, minor = (int(number, 16) for number in device.split(":"))
                    found.setdefault((os.makedev(major, minor), int(inode)), end - begin)
    return sum(found.values())
