"""Run a command as in a container of Docker's defaults: it can make no namespace and mount nothing.

``python tests/container.py [--user NAME] COMMAND …``. Its filter of system calls answers ``unshare``, ``setns``, ``mount``, ``umount``
and ``clone`` with a flag for a namespace as Docker's does (EPERM), ``clone3`` too (ENOSYS). Root keeps only those capabilities that
Docker leaves it; ``--user`` becomes somebody else, without any.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "autograde" / "isolation"))
import seccomp

NAMESPACES = 0x7E020080
RULES = [
    *(
        (name, (), seccomp.FORBID)
        for name in ("unshare", "setns", "mount", "umount2", "keyctl", "add_key", "request_key")
    ),
    ("clone", ((0, "has", NAMESPACES),), seccomp.FORBID),
    ("clone3", (), seccomp.NO_SUCH_CALL),
]
#: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap
KEPT = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
PR_CAPBSET_DROP = 24


def enter(user: str | None = None, kept: frozenset[int] | set[int] = frozenset(KEPT)) -> None:
    """Take from this process, and all that it becomes and starts, what a container has not."""
    libc = ctypes.CDLL(None)
    if os.geteuid() == 0:
        for capability in set(range(64)) - kept:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if user is not None:
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
        os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    seccomp.install(RULES)


def main() -> None:
    arguments = sys.argv[1:]
    user = None
    if arguments[0] == "--user":
        _, user, *arguments = arguments
    enter(user)
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    main()
