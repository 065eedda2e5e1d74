"""What this machine lets the grader do to isolate a process without namespaces: Landlock's version, user ids, rights."""

import ctypes
import functools
import os
import stat
from pathlib import Path

from autograde.isolation import folders, shown
from autograde.isolation.tenancy import IDS

#: The number of the call that makes a set of rules, and says the version.
CREATE_RULESET = 444

CAP_CHOWN, CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SETGID, CAP_SETUID = 0, 2, 5, 6, 7


def version() -> int:
    """Landlock's on this machine, as :func:`autograde.isolation.confine.version` finds it; 0: it has none."""
    libc = ctypes.CDLL(None)
    libc.syscall.restype = ctypes.c_long
    return max(0, libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1))


@functools.cache
def capabilities() -> int:
    """Those that this process has."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in text.splitlines() if line.startswith("CapEff")).split()[1], 16)


def may_give_ids() -> bool:
    """Whether this process may let another one be a user of its own: it is root, as in most containers, and there are others."""
    rights = all(capabilities() >> one & 1 for one in (CAP_CHOWN, CAP_KILL, CAP_SETGID, CAP_SETUID))
    return os.geteuid() == 0 and rights and all(_mapped(name) for name in ("uid_map", "gid_map"))


def _mapped(name: str) -> bool:
    """Whether the ids for sandboxes exist where this process is: a user namespace may have but one."""
    lines = [
        tuple(map(int, line.split())) for line in Path("/proc/self", name).read_text(encoding="ascii").splitlines()
    ]
    return any(first <= IDS[0] and IDS[-1] < first + count for first, _, count in lines)


@functools.cache
def closed_folders() -> tuple[str, ...]:
    """Folders above Python or the project that only their owner may enter."""
    above = {
        folder
        for path in [*shown.python(), str(shown.vaelab()), folders.common()]
        for folder in Path(os.path.realpath(path)).parents
    }
    return tuple(sorted(str(folder) for folder in above if not folder.stat().st_mode & stat.S_IXOTH))


def own_ids() -> bool:
    """Whether each submission gets a user id of its own, which can enter the folders that it needs."""
    return may_give_ids() and (not closed_folders() or bool(capabilities() >> CAP_DAC_READ_SEARCH & 1))


def why_no_ids() -> str:
    """Why submissions have no user ids of their own, and what to do."""
    if not may_give_ids():
        return "the grader is not root, or lacks root's rights"
    folder = closed_folders()[0]
    return f"only root may enter {folder}, where Python or the course lies (chmod o+x {folder} lets others pass)"


def threads_of(uid: int) -> int:
    """How many threads a user has on this machine."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if path.stat().st_uid == uid:
                total += len(os.listdir(path / "task"))
        except OSError:
            pass
    return total
