"""How much a sandbox uses, looked at from outside, and which limit that exceeds; and the end of a sandbox."""

import contextlib
import os
import re
import subprocess
import time

from autograde.isolation import tenancy as tenancies
from autograde.isolation.limits import MB, SCRATCH, Limits
from autograde.isolation.tenancy import Tenancy, tenancy_of


def processes(root: int) -> list[int]:
    """Process ids of ``root`` and everything below it, from /proc (Linux)."""
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                queue += map(int, told(f"/proc/{pid}/task/{task}/children").split())
        except (OSError, ValueError):
            pass  # gone between two looks
    return found


#: What a sandbox may write to a disk, where its folders have no size of their own, in bytes; and after how much less room on that
#: disk its files are counted again.
MOST_WRITTEN, STEP = sum(SCRATCH.values()), 8 * MB

#: Of what ``status`` tells of a process: memory of its own, shared memory (a mapping that is shared with nobody is of this
#: kind, too), what of it was pushed out to a disk, and the tables of its pages, which grow with every page that is looked at.
TAKEN, TABLES = rb"RssAnon|RssShmem|VmSwap|VmPTE", rb"VmPTE"


def anonymous_memory(pid: int, which: bytes = TAKEN) -> int:
    """Bytes of memory that ``pid`` takes: resident or swapped out, less what comes from files on a disk."""
    try:
        return taken(told(f"/proc/{pid}/status"), which)
    except OSError:
        return 0


def told(path: str) -> bytes:
    """What the Linux kernel says in a file of /proc: with one call, as this is asked hundreds of times a second."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def taken(status: bytes, which: bytes = TAKEN) -> int:
    """Bytes in those lines of a process's ``status``."""
    return 1024 * sum(map(int, re.findall(rb"\n(?:%b):\s*(\d+)" % which, status)))


def memory(pids: list[int]) -> int:
    """Bytes of anonymous memory of several processes, pages that they share counted once.

    Pages that a forked sandbox shares with its nursery count in part. Whoever does not
    let us look (a process can forbid it) is counted in full.
    """
    total = 0
    for pid in pids:
        try:
            total += proportional(told(f"/proc/{pid}/smaps_rollup").decode()) + anonymous_memory(pid, TABLES)
        except OSError:
            total += anonymous_memory(pid)
    return total


def proportional(rollup: str) -> int:
    """Bytes of memory, swapped out or not, in a process's ``smaps_rollup``: its part of what it shares with others."""
    parts = ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")
    return 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(parts))


class Watch:
    """Says when a sandbox exceeds its limits, and remembers the most it used.

    Memory is looked at twice: the sum over the processes is quick and never too small, but
    counts pages that they share with each other, or with a nursery, more than once. How much
    that is takes a hundred times as long to find out, and changes little: it is found out
    again when the sum has doubled, and whenever the sum alone would exceed the limit.
    """

    def __init__(self, root: int, limits: Limits, tenancy: Tenancy | None = None) -> None:
        self.root, self.limits = root, limits
        self.tenancy = tenancy or Tenancy()
        self._disk: tuple[int, int] | None = None  # what was free when files were last counted
        self.started = time.monotonic()
        self.peak_memory = 0
        self.peak_processes = 0
        self._most = self._shared = 0  # of the quick sum
        self._newest: bytes | None = None
        self._processes: list[int] = []

    def restarted(self, limits: Limits) -> "Watch":
        """A watch over the same processes with other limits, whose time begins now."""
        watch = Watch(self.root, limits, self.tenancy)
        watch.peak_memory, watch.peak_processes = self.peak_memory, self.peak_processes
        watch._most, watch._shared = self._most, self._shared
        return watch

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def processes(self) -> list[int]:
        """As the function of this name, which need not look again if nothing was started on this machine since it did."""
        newest = told("/proc/loadavg").split()[-1]  # the last process id, or thread's, given out
        if newest != self._newest:
            self._newest, self._processes = newest, processes(self.root)
        return self._processes

    def exceeded(self) -> str | None:
        """None, or a sentence that says which limit was passed."""
        pids = self.processes()
        self.peak_processes = max(self.peak_processes, len(pids))
        at_most = sum(map(anonymous_memory, pids))
        if at_most > self.limits.memory or at_most > 2 * self._most:
            self._most = max(self._most, at_most)
            with self.tenancy.looking():
                self._shared = max(0, at_most - memory(pids))
        used = at_most - self._shared
        self.peak_memory = max(self.peak_memory, used)
        if used > self.limits.memory:
            return f"it used more than {self.limits.memory // MB} MB of memory"
        if len(pids) > self.limits.processes:
            return f"it started more than {self.limits.processes} processes"
        if self.seconds() > self.limits.seconds:
            return f"it ran for more than {self.limits.seconds:g} s"
        if self.tenancy.scratch and self._disk_has_changed() and self._written(pids) > MOST_WRITTEN:
            return f"it wrote more than {MOST_WRITTEN // MB} MB of files"
        return None

    def _disk_has_changed(self) -> bool:
        """Whether files should be counted again: there is less room on their disk than there was, whoever took it."""
        disk = os.statvfs(self.tenancy.scratch or "")
        room, names = disk.f_bfree * disk.f_frsize, disk.f_ffree
        if self._disk and room > self._disk[0] - STEP and names > self._disk[1] - STEP // 4096:
            return False
        self._disk = room, names
        return True

    def _written(self, pids: list[int]) -> int:
        scratch = self.tenancy.scratch or ""
        with self.tenancy.looking():
            return tenancies.size(scratch, MOST_WRITTEN) + tenancies.deleted(pids, scratch)


def kill(process) -> None:
    """End a sandbox: with its first process, every other one in it."""
    if not isinstance(process, subprocess.Popen):
        return process.kill()
    tenancy = tenancy_of(process)
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, tenancy.last_signal)
    process.wait()
    tenancy.end()
