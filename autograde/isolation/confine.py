"""The inside of the second sandbox: confine a process without namespaces, by Landlock, seccomp and a user id.

Two processes make a sandbox. The **first** is ours and runs no one's code. It leads a session and a process group; the **second**
confines itself and then becomes the student's kernel, the judge or the reader. All that the second starts stays in that group, since
the filter makes ``setsid`` and ``setpgid`` do nothing. So one signal to the group ends everything at once, however fast it forks:
the first sends it when the second has ended, when it is asked to (SIGTERM), and when whoever started it has ended. Orphans
become the first's children, so that from outside the sandbox is one tree.

What holds the second:

* **Landlock**: no file but those of the order, whichever way they are opened; no TCP, no signal and no abstract socket across its
  border, as far as this Linux has these (versions 4 and 6). It also forbids tracing, and reading the memory, environment and open files of
  any process outside;
* **seccomp**: no socket of any kind, and nothing that Landlock does not cover: namespaces, System V and POSIX objects, the key
  store, messages that carry open files (with those, deleted files could be kept where nobody counts them). Where it shares its user id
  with the grader, it can change neither mode nor owner nor times of a file, nor limits or priority of another process;
* **a user id of its own**, where the grader may give it one: then the same by Linux's oldest means;
* limits for each process, no new privileges, no capability, no terminal.

Stands alone, as :mod:`autograde.isolation.forkserver` does. As a program: ``confine.py ORDER COMMAND …`` runs a command confined.
"""

import contextlib
import ctypes
import json
import os
import signal
import struct
import sys
import tempfile

import seccomp  # type: ignore[import-not-found]  # beside this file, wherever that is shown

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

# From <linux/landlock.h>; the numbers of its three calls are the same on every machine.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_SYM = (
    1 << bit for bit in (4, 5, 7, 8, 9, 10, 12)
)
REFER, TRUNCATE = 1 << 13, 1 << 14
#: All rights over files that a version knows; those over TCP; and what its scopes keep inside.
FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
TCP, SCOPES = 3, 3

#: What the order may grant on a file or a folder and all below it.
GRANTS = {
    "read": EXECUTE | READ_FILE | READ_DIR,
    "list": READ_DIR,
    "device": READ_FILE | WRITE_FILE,
    "scratch": EXECUTE | READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK
    | MAKE_FIFO | MAKE_SYM | REFER | TRUNCATE,
}  # fmt: skip
ON_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

#: What a process may read of itself in /proc. Not ``net`` nor ``task``, which tell of the machine's sockets.
OF_ITSELF = (
    "auxv", "cgroup", "cmdline", "comm", "environ", "fd", "fdinfo", "io", "limits", "maps", "mountinfo", "mounts",
    "oom_score", "smaps", "smaps_rollup", "stat", "statm", "status", "uid_map",
)  # fmt: skip

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_CAP_AMBIENT = (
    1, 4, 8, 24, 36, 47,
)  # fmt: skip
PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, CAPABILITY_VERSION = 2, 2, 0x20080522
NAMESPACES = 0x7E020080
PRIO_PROCESS, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, AF_UNIX = 0, 1, 2, 3, 4, 1

#: For everybody in this sandbox, on top of :data:`seccomp.EVERYWHERE`.
CONFINED = [
    *((name, (), seccomp.PRETEND) for name in ("setsid", "setpgid")),
    ("clone", ((0, "has", NAMESPACES),), seccomp.FORBID),
    ("clone3", (), seccomp.NO_SUCH_CALL),  # its flags lie in memory, where no filter looks; libraries fall back on clone
    *(
        (name, (), seccomp.FORBID)
        for name in (
            "unshare", "setns", "mount", "umount2", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd",
            "open_by_handle_at", "syslog", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget", "msgsnd",
            "msgrcv", "msgctl", "mq_open", "mq_unlink", "inotify_init", "inotify_init1", "fanotify_init", "truncate", "sendmsg",
            "sendmmsg",
        )
    ),
    ("prctl", ((0, "is", PR_SET_DUMPABLE),), seccomp.FORBID),  # who hides from the grader cannot be held to limits
    # A pair of sockets reaches nobody else, unless its kind takes an address with every message.
    *(("socketpair", ((1, "is", kind | flags),), seccomp.NO_SUCH_FAMILY)
      for kind in (SOCK_DGRAM, SOCK_RAW, SOCK_RDM) for flags in (0, 0o4000, 0o2000000, 0o2004000)),
    *(("socketpair", ((0, "is", family),), seccomp.NO_SUCH_FAMILY) for family in seccomp.FAMILIES if family != AF_UNIX),
]  # fmt: skip

#: For a student's code: no socket at all. Linux has no rule yet for those that have a name in the file system.
NO_SOCKET = [("socket", (), seccomp.NO_SUCH_FAMILY), ("connect", (), seccomp.FORBID), ("bind", (), seccomp.FORBID)]
#: For the judge, which talks to a kernel by such a socket.
UNIX_SOCKET = [("socket", ((0, "not", AF_UNIX),), seccomp.NO_SUCH_FAMILY)]

#: Where the grader's user id is the student's, too.
SHARED_ID = [
    *((name, (), seccomp.PRETEND) for name in (
        "chmod", "fchmod", "fchmodat", "fchmodat2", "utime", "utimes", "futimesat", "utimensat")),
    *((name, (), seccomp.FORBID) for name in ("chown", "fchown", "lchown", "fchownat", "ioprio_set", "file_setattr")),
    *((name, (), seccomp.NOT_SUPPORTED) for name in (
        "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat")),
    ("ioctl", ((1, "is", 0x40086602),), seccomp.FORBID),  # FS_IOC_SETFLAGS, what chattr does
    ("ioctl", ((1, "is", 0x401C5820),), seccomp.FORBID),  # FS_IOC_FSSETXATTR
    *((name, ((0, "not", 0),), seccomp.FORBID) for name in ("prlimit64", "setpriority")),
    # Libraries do this to threads of their own, and end the process if they may not.
    *((name, ((0, "not", 0),), seccomp.PRETEND) for name in (
        "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler")),
    ("setpriority", ((1, "not", 0),), seccomp.FORBID),
]  # fmt: skip


def check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def version() -> int:
    """Landlock's on this machine; 0 where there is none, or where it is switched off."""
    return max(0, libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION))


def ruleset(grants) -> int:
    """A new set of rules, as an open descriptor: only ``grants``, ``[path, kind]``, are allowed. What is not there is left out."""
    abi = version()
    if abi < 1:
        raise OSError("this Linux has no Landlock")
    handled = FILES[min(abi, max(FILES))]
    # Older versions know shorter descriptions; what follows is zero for them and left out.
    described = struct.pack("QQQ", handled, TCP if abi >= 4 else 0, SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = check(
        libc.syscall(CREATE_RULESET, described, ctypes.c_size_t(size), ctypes.c_uint32(0)), "landlock_create_ruleset"
    )
    for path, kind in grants:
        allow(rules, path, GRANTS[kind] & handled)
    return rules


def allow(rules: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= ON_A_FILE
        rule = struct.pack("=Qi", rights, opened)
        check(libc.syscall(ADD_RULE, rules, PATH_BENEATH, rule, ctypes.c_uint32(0)), f"landlock_add_rule {path}")
    finally:
        os.close(opened)


def filters(order) -> list:
    """The rules of seccomp for an order, the strictest first: of several that hold, the first one answers."""
    rules = [*CONFINED, *(UNIX_SOCKET if order["trusted"] else NO_SOCKET), *seccomp.EVERYWHERE]
    return rules if order["uid"] is not None else [*SHARED_ID, *rules]


def give_up_rights(uid: int | None, past_folders: bool) -> None:
    """Become ``uid``, if there is one to become, and drop every capability but, if need be, that to enter all folders."""
    kept = 1 << CAP_DAC_READ_SEARCH if past_folders else 0
    for capability in range(64):
        if not kept >> capability & 1:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # without the right to do so, there is nothing to drop
    if uid is not None:
        libc.prctl(PR_SET_KEEPCAPS, int(past_folders), 0, 0, 0)
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    sets = struct.pack("IIIIII", kept, kept, kept, 0, 0, 0)
    check(libc.capset(struct.pack("Ii", CAPABILITY_VERSION, 0), sets), "capset")
    if kept:
        check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0), "prctl")


def confine(order) -> None:
    """Give up everything but what ``order`` grants. Raises OSError, and then nobody's code may run here.

    ``grants`` are ``[path, kind]``; ``uid`` is a number or None; ``scratch`` the folder that this process may write in, with
    ``home`` and ``tmp``; ``trusted`` says that only our code runs; ``past_folders``: see :func:`give_up_rights`.
    """
    rules = ruleset([*order["grants"], [order["scratch"], "scratch"]])
    give_up_rights(order["uid"], order["past_folders"])
    # A change of the id hides a process even from itself. It must be able to look at itself, and the grader at it.
    check(libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")
    for name in OF_ITSELF:
        allow(rules, f"/proc/self/{name}", READ_FILE | READ_DIR)
    check(libc.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    check(libc.syscall(RESTRICT_SELF, rules, ctypes.c_uint32(0)), "landlock_restrict_self")
    os.close(rules)
    seccomp.install(filters(order))
    os.umask(0o022)
    os.environ.update(HOME=f"{order['scratch']}/home", TMPDIR=f"{order['scratch']}/tmp")
    tempfile.tempdir = None
    os.chdir(os.environ["HOME"])


def run(order, begin, tell: int | None = None):
    """In a new process: be the first of a sandbox, with a second that runs ``begin``, and end with its status. Never returns.

    Into the descriptor ``tell`` goes "ready" when the second is confined, or why it cannot be; without one, only that, to stderr.
    """
    parent = os.getppid()
    if os.getsid(0) != os.getpid():
        os.setsid()
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0), "prctl")
    check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    second = os.fork()
    with contextlib.suppress(OSError):  # in both of them, whoever comes first; for the second, 0 is itself
        os.setpgid(second, second)
    if second == 0:
        be_second(order, begin, tell)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(second, signal.SIGKILL))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # nobody reads or traces this process
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    if os.getppid() != parent:
        os.killpg(second, signal.SIGKILL)
    collect_orphans(second)


def collect_orphans(second: int):
    """Wait for the second, then for everything that it leaves behind, which ends with it."""
    status, last = None, False
    while True:
        # The second keeps its number until the rest of its group has been told: the number cannot be another group's.
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT) if not last else None
        if found is not None and found.si_pid == second:
            os.killpg(second, signal.SIGKILL)
            last = True
        try:
            pid, how = os.waitpid(found.si_pid if found else -1, 0)
        except ChildProcessError:
            os._exit(status if status is not None and status >= 0 else 1)
        if pid == second:
            status = os.waitstatus_to_exitcode(how)


def be_second(order, begin, tell: int | None):
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
            score.write("500")  # if the machine runs out of memory, students go first
        confine(order)
    except BaseException as error:
        os.write(2 if tell is None else tell, str(error).encode() or b"?")
        os._exit(1)
    if tell is not None:
        os.write(tell, b"ready")
        os.close(tell)
    begin()


def main():
    order, *command = sys.argv[1:]
    run(json.loads(order), lambda: os.execve(command[0], command, dict(os.environ)))


if __name__ == "__main__":
    main()
