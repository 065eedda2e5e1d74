"""The first sandbox: bubblewrap, which is made of namespaces. No network, no other files, bounded.

Nothing in it is writable except three tmpfs folders of a fixed size (:data:`autograde.isolation.limits.SCRATCH`). The kernel's ZeroMQ
sockets need no writable path either: they are bound *outside*, by the process that starts the sandbox, and handed in as open file
descriptors (``ZMQ_USE_FD``). So a student cannot fill the grader's disk, and both transports of Jupyter work although the sandbox
has no network.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograde.isolation import shown
from autograde.isolation.limits import MB, SCRATCH, Limits, SandboxMissing
from autograde.isolation.tenancy import Tenancy


def require_bubblewrap():
    """Path of a working ``bwrap``. Raises :class:`SandboxMissing` if there is none."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxMissing(
            "bubblewrap is not installed, so students' code cannot be isolated from this machine. "
            "Install it (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap; "
            "it needs Linux, so on macOS or Windows grade in a Linux virtual machine)."
        )
    trial = subprocess.run(
        [bwrap, *_namespaces(), *_system(), "--proc", "/proc", "--dev", "/dev", "--", "/bin/true"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    if trial.returncode != 0:
        raise SandboxMissing(
            f"bubblewrap is installed but cannot start a sandbox here: {trial.stderr.strip()[:300]}. {_advice(trial.stderr)}"
        )
    return bwrap


def _advice(said: str) -> str:
    """What to change where bubblewrap ``said`` that it cannot start a sandbox."""
    if "mount proc" in said:
        return (
            "A container covers parts of /proc: start it with --security-opt systempaths=unconfined (Docker), or "
            "procMount: Unmasked (Kubernetes); see docs/containers.md."
        )
    return (
        "Unprivileged user namespaces may be switched off: see 'sysctl kernel.unprivileged_userns_clone', "
        "'sysctl user.max_user_namespaces' and, on Ubuntu 24.04, AppArmor's profile for bwrap; in Docker, "
        "start the container with --security-opt seccomp=unconfined --security-opt systempaths=unconfined."
    )


def _namespaces(last=True):
    """``last``: no further sandbox is made inside this one, and it ends with the thread that starts it.

    Otherwise it ends with its first process, which sees to the rest.
    """
    return [
        "--unshare-user",
        "--unshare-all",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "sandbox",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--clearenv",
        *(["--disable-userns", "--die-with-parent"] if last else ["--as-pid-1"]),
    ]


def _system() -> list[str]:
    """Arguments that show the operating system and Python, read-only."""
    args = []
    for path in shown.SYSTEM:
        args += _show(path)
    for name in shown.SETTINGS:
        args += ["--ro-bind-try", name, name]
    for path in shown.python():
        args += _show(path)
    return args


def _show(path: str) -> list[str]:
    """Arguments that show ``path``, if it is there; a link to a neighbour stays one."""
    if not os.path.exists(path):
        return []
    if os.path.islink(path) and ("/" not in os.readlink(path) or path.count("/") == 1):
        return ["--symlink", os.readlink(path), path]
    return ["--ro-bind", path, path]


def _cover(path: str) -> list[str]:
    return ["--tmpfs", path] if os.path.isdir(path) else ["--ro-bind", "/dev/null", path]


def _library(judge: bool) -> list[str]:
    """Arguments that cover what is people's, then show ``vaelab``: all of it to the judge, to a student without its half."""
    library, covers = shown.vaelab(), shown.private()
    args = [arg for path in covers for arg in _cover(path)]
    again = [path for path in shown.of_python() if path not in covers and shown.lies_in(path, covers)]
    args += [arg for path in shown.outermost(again) for arg in _show(path)]
    args += ["--ro-bind", str(library), str(library)]
    tmpfs = [path for path in covers if os.path.isdir(path)]
    if judge:
        args += ["--ro-bind", str(shown.PACKAGE), str(shown.PACKAGE)]
    else:
        checks = library / "checks"
        args += ["--tmpfs", str(checks)]
        for name in shown.STUDENT_CHECKS:
            args += ["--ro-bind-try", str(checks / name), str(checks / name)]
        tmpfs.append(str(checks))
    inner = [
        path
        for path in shown.hidden()
        if os.path.exists(path) and shown.within(path) and (judge or Path(path).is_relative_to(library))
    ]
    args += [arg for path in inner for arg in _cover(path)]
    return args + [arg for path in [*tmpfs, *filter(os.path.isdir, inner)] for arg in ("--remount-ro", path)]


class Bubblewrap:
    """The first sandbox, as :class:`autograde.isolation.sandbox.Sandbox` describes it."""

    name = "bubblewrap"

    def require(self) -> None:
        require_bubblewrap()

    def program(self, name: str) -> str:
        return f"/run/{name}.py"

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
        """``warm`` is for a process that makes sandboxes inside this one (:mod:`autograde.isolation.forkserver`)."""
        args = [require_bubblewrap(), *_namespaces(last=not warm)]
        # Scratch space first: the project itself may lie somewhere under /tmp.
        for folder, size in SCRATCH.items():
            if folder != "/dev/shm":
                args += ["--size", str(size), "--tmpfs", folder]
        args += [*_system(), *_library(judge)]
        # /proc is read-only because the files of /proc/sys belong to root: a grader that runs
        # as root would otherwise lend every student the right to write them.
        args += ["--bind", "/proc", "/proc"] if warm else ["--proc", "/proc", "--remount-ro", "/proc"]
        # A shared mapping of the device of zeros is memory on nobody's account.
        args += ["--dev", "/dev", "--dev-bind", "/dev/null", "/dev/zero"]
        args += ["--size", str(SCRATCH["/dev/shm"]), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
        for name in programs:
            args += ["--ro-bind", str(shown.HERE / f"{name}.py"), self.program(name)]
        for path in shows:
            args += ["--ro-bind", path, path]
        args += ["--remount-ro", "/", "--chdir", "/home/student"]
        for name, value in shown.environment(judge).items():
            args += ["--setenv", name, value]
        return [*args, "--", *argv]

    def environment(self, judge: bool = False) -> dict[str, str]:
        """Of bwrap itself: empty, since in the sandbox /proc/1/environ shows it."""
        return {}

    def tenancy(self) -> Tenancy:
        return Tenancy()

    def settings(self, judge: bool = False) -> dict[str, Any]:
        return {}

    def order(self, tenancy: Tenancy, jobs: str | None = None, *, keep: Sequence[str] = ()) -> dict[str, Any]:
        """Scratch folders, and what stays in sight where they are mounted."""
        scratch = [*SCRATCH.items(), *([(jobs, MB)] if jobs else [])]
        return {"scratch": scratch, "keep": [*below_scratch(jobs is not None), *keep]}

    def limits(self, limits: Limits) -> dict[str, Any]:
        return limits.packed()


def below_scratch(judge: bool) -> list[str]:
    """What is in sight and lies in a scratch folder, where the project or Python are under /tmp."""
    seen = [*shown.python(), str(shown.vaelab()), *([str(shown.PACKAGE)] if judge else [])]
    return [path for path in seen if shown.lies_in(path, SCRATCH)]
