"""A folder in the system's temporary folder for all that this process's jobs need, which no crash leaves for long."""

import atexit
import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import threading
from pathlib import Path

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


class _Common:
    """This process's folder, made when it is first asked for; a fork of the process has its own."""

    def __init__(self) -> None:
        self.lock, self.held = threading.Lock(), -1
        self.path = ""

    def get(self) -> str:
        with self.lock:
            if not self.path:
                _remove_abandoned()
                self.path, self.held = _make_folder()
                # Users of sandboxes without namespaces pass through; what is in there is not for them to list.
                os.chmod(self.path, 0o711)
                atexit.register(self.end, os.getpid())
            return self.path

    def end(self, pid: int) -> None:
        if pid == os.getpid():  # and not in a fork of that process
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self.held)


def _begin() -> None:
    global _common
    _common = _Common()


_common = _Common()
os.register_at_fork(after_in_child=_begin)


def common() -> str:
    """The folder of this process. It is removed when the process ends, or, if it was killed, by the next one that asks for its own."""
    return _common.get()
