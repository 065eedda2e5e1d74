"""The second sandbox, for where namespaces are forbidden: Landlock, seccomp and, where the grader is root, a user id for each.

:mod:`autograde.isolation.confine` says how a process is confined. Here is the outside: what it is shown, and whether it works on this
machine. Landlock only allows, so what must not be seen in a folder that is shown is left out of what is allowed: the folder's other
entries are, one by one. A student's kernel gets a copy of the library without the judge's half; the judge sees the library itself.
"""

import functools
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograde.isolation import folders, machine, seccomp, shown
from autograde.isolation.limits import Limits, SandboxMissing
from autograde.isolation.tenancy import Confined, Tenancy

#: What Linux tells of the machine, and of nobody's processes.
OF_THE_MACHINE = (
    "cpuinfo",
    "filesystems",
    "loadavg",
    "meminfo",
    "stat",
    "uptime",
    "version",
    "vmstat",
    "sys/vm",
    "sys/kernel/osrelease",
)
DEVICES = ("/dev/null", "/dev/random", "/dev/urandom", "/dev/full")

#: Our programs that run in there, or fork what does.
PROGRAMS = ("confine", "forkserver", "kernel_entry", "preload", "replay_entry", "seccomp")

#: The version from which Landlock keeps signals inside: without it, only a user id of its own does.
SIGNALS = 6

#: Does in the sandbox what must not work there; it says what did.
TRIAL = """
import ctypes, json, os, signal, socket, sys
listed, secret, grader = sys.argv[1:]
found = []
def attempt(what, action):
    try:
        action()
        found.append(what)
    except OSError:
        pass
attempt("read a file that is not listed", lambda: open(secret).close())
attempt("write to such a file", lambda: open(secret, "a").close())
attempt("leave a file outside", lambda: open(secret + "-left", "w").close())
attempt("make a socket", lambda: socket.socket(socket.AF_INET).close())
attempt("make a socket with a name", lambda: socket.socket(socket.AF_UNIX).close())
attempt("signal the grader", lambda: os.kill(int(grader), 0))
attempt("read the grader's memory", lambda: open("/proc/" + grader + "/maps").close())
if ctypes.CDLL(None).ptrace(16, int(grader), None, None) == 0:
    found.append("trace the grader")
open(listed).close()
with open("left", "w") as stream:
    stream.write("x")
import numpy
if found:
    sys.exit("it could " + ", ".join(found))
"""


def without(folder: str, hidden: Sequence[str]) -> Iterator[str]:
    """Paths that together are all of ``folder`` but what is ``hidden`` in it."""
    inner = [path for path in hidden if Path(path).is_relative_to(folder)]
    if not inner:
        yield folder
    elif folder not in inner:
        for entry in sorted(os.listdir(folder)):
            yield from without(f"{folder}/{entry}", inner)


class Landlock:
    """The second sandbox, as :class:`autograde.isolation.sandbox.Sandbox` describes it."""

    @property
    def name(self) -> str:
        return "landlock, a user id for each" if machine.own_ids() else "landlock"

    def require(self) -> None:
        """Raises :class:`SandboxMissing` unless a process that is confined here cannot do what it should not."""
        if why := self.obstacle():
            raise SandboxMissing(why)
        if why := _tried():
            raise SandboxMissing(f"a trial of the sandbox of Landlock failed here: {why}")

    def obstacle(self) -> str | None:
        """What this machine lacks, without trying."""
        if sys.platform != "linux":
            return "Landlock is a part of Linux"
        if not seccomp.known():
            return f"the grader has no list of system calls for {platform.machine()}"
        there = machine.version()
        if there < 1:
            return "this Linux has no Landlock (it came with 5.13), or has it switched off"
        if not machine.own_ids() and there < SIGNALS:
            return (
                f"this Linux has version {there} of Landlock, which does not keep signals inside (version {SIGNALS}, Linux 6.12, "
                f"does), and each submission would need a user id of its own, which it cannot have: {machine.why_no_ids()}"
            )
        return None

    def past_folders(self) -> bool:
        """Whether a confined process keeps the right to enter folders that only root may: Landlock still lists what it reads."""
        return machine.own_ids() and bool(machine.closed_folders())

    def program(self, name: str) -> str:
        return f"{view()}/run/{name}.py"

    def environment(self, judge: bool = False) -> dict[str, str]:
        mine = {
            "PYTHONPATH": f"{view()}/{'judge' if judge else 'student'}",
            "HOME": f"{view()}/home",
            "TMPDIR": f"{view()}/home",
        }
        return shown.environment(judge) | mine

    def tenancy(self) -> Confined:
        return Confined(folders.common(), machine.own_ids())

    def command(
        self,
        argv: Sequence[str],
        tenancy: Tenancy | None = None,
        *,
        judge: bool = False,
        warm: bool = False,
        programs: Sequence[str] = (),
        shows: Sequence[str] = (),
    ) -> list[str]:
        """A warm process runs only our code, and is as it is; it confines what it forks."""
        if warm:
            return list(argv)
        assert tenancy is not None
        order = self.order(tenancy, "" if judge else None, keep=shows)
        order["grants"] = [*self.settings(judge)["grants"], *order["grants"]]
        return [sys.executable, self.program("confine"), json.dumps(order), *argv]

    def settings(self, judge: bool = False) -> dict[str, Any]:
        """What all of a fork server's children are granted."""
        return {"grants": list(_common(judge, tuple(shown.hidden())))}

    def order(self, tenancy: Tenancy, jobs: str | None = None, *, keep: Sequence[str] = ()) -> dict[str, Any]:
        """What one child is granted besides: to a student's kernel, its half of the library."""
        grants = [(path, "read") for path in keep]
        if jobs is None:
            mine, library = f"{view()}/student", shown.vaelab()
            inner = [Path(path) for path in shown.hidden() if Path(path).is_relative_to(library)]
            left_out = [f"{mine}/vaelab/{path.relative_to(library)}" for path in inner]
            grants += [(mine, "list"), *((path, "read") for path in without(mine, left_out))]
        else:
            for path in keep:
                tenancy.own(path)
        return {
            "grants": grants,
            "scratch": tenancy.scratch,
            "uid": tenancy.uid,
            "trusted": jobs is not None,
            "past_folders": self.past_folders(),
        }

    def limits(self, limits: Limits) -> dict[str, Any]:
        """With the most threads that there may be: of a user's own id, or besides those that this user has now."""
        threads = limits.processes + 64 * (os.cpu_count() or 1)
        if not machine.own_ids():
            threads += machine.threads_of(os.geteuid())
        return limits.packed() | {"threads": threads, "namespaces": False}


@functools.cache
def _common(judge: bool, hidden: tuple[str, ...]) -> list[tuple[str, str]]:
    """What every process of a kind is granted: the system, Python, devices without memory, and our programs."""
    covers = [*shown.private(), *hidden]
    grants = [(f"/proc/{name}", "read") for name in OF_THE_MACHINE]
    grants += [(name, "device") for name in DEVICES] + [(f"{view()}/run", "read")]
    for folder in [*shown.SYSTEM, *shown.SETTINGS, *shown.python()]:
        if os.path.exists(folder):
            grants += [(path, "read") for path in without(os.path.realpath(folder), covers)]
    # Python finds a module only in folders that it can list.
    packages = [path for path in shown.of_python() if path in sys.path]
    grants += [(path, "list") for path in packages if any(Path(cover).is_relative_to(path) for cover in covers)]
    if judge:
        grants.append((f"{view()}/judge", "read"))
        for folder in (str(shown.vaelab()), str(shown.PACKAGE)):
            grants += [(folder, "list"), *((path, "read") for path in without(folder, hidden))]
    return grants


@functools.cache
def view() -> str:
    """A folder of this process's, made once: our programs, what a student sees of the library, and what the judge does."""
    made = Path(folders.common(), "view")
    for name in ("run", "student", "judge", "home"):
        (made / name).mkdir(parents=True)
    for name in PROGRAMS:
        shutil.copyfile(shown.HERE / f"{name}.py", made / "run" / f"{name}.py")
    library, copy = shown.vaelab(), made / "student" / "vaelab"
    left_out = shutil.ignore_patterns(
        "judge", *(path.name for path in (library / "checks").glob("*") if path.name not in shown.STUDENT_CHECKS)
    )
    shutil.copytree(
        library,
        copy,
        ignore=lambda folder, names: left_out(folder, names) if Path(folder) == library / "checks" else (),
    )
    for path in (library, shown.PACKAGE):
        (made / "judge" / path.name).symlink_to(path)
    for path in [made, *made.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return str(made)


@functools.cache
def _tried() -> str | None:
    """Why the sandbox does not hold here, by really trying; None if it does."""
    sandbox = Landlock()
    secret = Path(folders.common(), "secret")
    secret.write_text("secret")
    secret.chmod(0o666)
    tenancy = None
    try:
        tenancy = sandbox.tenancy()
        line = [sys.executable, "-c", TRIAL, sandbox.program("seccomp"), str(secret), str(os.getpid())]
        done = subprocess.run(
            sandbox.command(line, tenancy),
            env=sandbox.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        if tenancy is not None:
            tenancy.end()
        secret.unlink()
    return None if done.returncode == 0 else done.stderr.strip()[-300:] or f"it ended with {done.returncode}"
