"""What this machine can do to isolate a student's code, and what to change for more: ``python -m autograde doctor``."""

import os
import platform
import sys
from pathlib import Path

from autograde.isolation import landlock, machine, seccomp
from autograde.isolation.limits import SandboxMissing
from autograde.isolation.sandbox import CHOICE, SANDBOXES, chosen

#: Where Linux says how it treats namespaces: the file, what it says where they are forbidden, and what to do then.
SWITCHES = (
    ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=15000"),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile with `userns` for bwrap",
    ),
)


def report() -> tuple[str, bool]:
    """What people read, and whether any sandbox works here."""
    lines = [f"Machine: {platform.system()} {platform.release()}, {platform.machine()}; {_who()}."]
    works = {}
    for name, make in SANDBOXES.items():
        try:
            sandbox = make()
            sandbox.require()
            works[name], said = True, f"works ({sandbox.name})" if sandbox.name != name else "works"
        except SandboxMissing as why:
            works[name], said = False, f"does not work: {why}"
        lines.append(f"{'First' if name == 'bubblewrap' else 'Second'} sandbox, {name}: {said}")
    lines += _advice(works)
    try:
        lines.append(f"Grading here uses: {chosen().name}.")
    except SandboxMissing:
        lines.append("Grading here is refused: no sandbox works.")
    if wanted := os.environ.get(CHOICE):
        lines.append(f"(The environment variable {CHOICE} asks for {wanted} alone.)")
    return "\n".join(lines), any(works.values())


def _who() -> str:
    return "the grader is root" if hasattr(os, "geteuid") and os.geteuid() == 0 else "the grader is an ordinary user"


def _advice(works: dict[str, bool]) -> list[str]:
    """What to change, the best first; nothing where the first sandbox works."""
    if works["bubblewrap"]:
        return []
    if sys.platform != "linux":
        return [
            "  Both are made of Linux: grade in a virtual machine (on Windows, WSL 2), or in a container, see docs/containers.md."
        ]
    lines = []
    for path, forbidden, change in SWITCHES:
        if Path(path).is_file() and Path(path).read_text(encoding="ascii").strip() == forbidden:
            lines.append(
                f"  For the first: namespaces are switched off by {path.removeprefix('/proc/sys/')}; as root, {change}."
            )
    if Path("/proc/self/status").read_text(encoding="ascii").partition("\nSeccomp:")[2].split()[0] == "2":
        lines.append(
            "  For the first: a filter of system calls holds this process, as a container's does; docs/containers.md has the settings."
        )
    lines.append("  What only the first promises is a table in autograde/README.md.")
    if not works["landlock"]:
        there = machine.version()
        known = "" if seccomp.known() else f", and a list of system calls for {platform.machine()}"
        lines.append(
            f"  For the second: Landlock of version 1 (Linux 5.13) for a grader that is root, {landlock.SIGNALS} (Linux 6.12) for one that is "
            f"not; here it is {there}{known}."
        )
    elif not machine.own_ids():
        lines.append(
            f"  The second is stronger where each submission has a user id of its own; here it has none: {machine.why_no_ids()}."
        )
    return lines
