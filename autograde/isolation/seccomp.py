"""Filters of system calls: what a process and its children may not ask of the Linux kernel, for good.

Stands alone, as :mod:`autograde.isolation.kernel_entry` does. A filter is made of rules, ``(name, conditions, answer)``, in the order
in which they are asked: the first whose conditions all hold answers, and what no rule names is allowed. A condition is
``(argument, test, value)``: the number of an argument (its low half is looked at), one of ``is``, ``has`` (any bit of) and ``not``.
"""

import ctypes
import errno
import os
import platform
import struct

#: Name of a machine for seccomp, by what Python calls it.
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

#: By name: its number on x86_64, and on aarch64 (None: there is none).
NUMBERS = {
    "add_key": (248, 217),
    "bind": (49, 200),
    "bpf": (321, 280),
    "chmod": (90, None),
    "chown": (92, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "connect": (42, 203),
    "fanotify_init": (300, 262),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "file_setattr": (469, 469),
    "fremovexattr": (199, 16),
    "fsetxattr": (190, 7),
    "futimesat": (261, None),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "lchown": (94, None),
    "lremovexattr": (198, 15),
    "lsetxattr": (189, 6),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mmap": (9, 222),
    "mount": (165, 40),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "open_by_handle_at": (304, 265),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "removexattr": (197, 14),
    "removexattrat": (466, 466),
    "request_key": (249, 218),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "semctl": (66, 191),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "sendmmsg": (307, 269),
    "sendmsg": (46, 211),
    "setns": (308, 268),
    "setpgid": (109, 154),
    "setpriority": (141, 140),
    "setsid": (112, 157),
    "setxattr": (188, 5),
    "setxattrat": (463, 463),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "syslog": (103, 116),
    "truncate": (76, 45),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "utime": (132, None),
    "utimensat": (280, 88),
    "utimes": (235, None),
}

#: Answers: the call does not exist, is forbidden, or says that it is done although it did nothing.
ALLOW, NO_SUCH_CALL, FORBID, PRETEND, NO_SUCH_FAMILY, NOT_SUPPORTED = (
    0x7FFF0000,
    *(0x50000 | number for number in (errno.ENOSYS, errno.EPERM, 0, errno.EAFNOSUPPORT, errno.ENOTSUP)),
)

#: Those kinds of socket that a namespace separates: AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK.
FAMILIES = (1, 2, 10, 16)
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20

#: Taken away in every sandbox: these lead past it, past its limits, or deep into the Linux kernel.
#:
#: No namespace separates the key store's keyrings: a student could leave a key for the next one. Nor does one separate all kinds
#: of socket: by AF_VSOCK, virtual machines talk to their host. Memory in files that lie nowhere is on no process's account, so
#: no limit would see it: such files are what shared mappings without a file are made of, too. What is asked for through io_uring
#: passes by filters such as this one. And bpf, perf_event_open and userfaultfd are of more use against the Linux kernel than in a
#: notebook.
EVERYWHERE = [
    *(
        (name, (), NO_SUCH_CALL)
        for name in (
            "add_key",
            "request_key",
            "keyctl",
            "memfd_create",
            "memfd_secret",
            "shmget",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring_register",
            "bpf",
            "perf_event_open",
            "userfaultfd",
        )
    ),
    ("mmap", ((3, "has", MAP_ANONYMOUS), (3, "has", MAP_SHARED)), FORBID),
    *(
        rule
        for name in ("socket", "socketpair")
        for rule in (*((name, ((0, "is", family),), ALLOW) for family in FAMILIES), (name, (), NO_SUCH_FAMILY))
    ),
]

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2

# Of Berkeley packet filters: load a word, go on if it equals, if it is at least, if it has a bit; answer.
LOAD, EQUAL, AT_LEAST, ANY_BIT, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
#: Where a program finds the call's number, the machine, and (the low half of) the first argument.
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16


def known() -> bool:
    """Whether the calls of this machine are known by their numbers."""
    return platform.machine() in MACHINES


def program(rules) -> list[tuple[int, int, int, int]]:
    """The filter's lines. A test says how many lines to jump over if it holds, and if not."""
    column = list(MACHINES).index(platform.machine())
    lines = [
        (LOAD, 0, 0, MACHINE),
        (EQUAL, 1, 0, MACHINES[platform.machine()]),
        (ANSWER, 0, 0, NO_SUCH_CALL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, 0x40000000),  # other numbers for the same calls
        (ANSWER, 0, 0, NO_SUCH_CALL),
    ]
    for name, conditions, answer in rules:
        number = NUMBERS[name][column]
        if number is None:
            continue
        block = [(ANSWER, 0, 0, answer)]
        for argument, test, value in reversed(conditions):
            # Where it does not hold, over the rest of this rule, to the line that loads the call's number for the next.
            passed, failed = (len(block), 0) if test == "not" else (0, len(block))
            kind = ANY_BIT if test == "has" else EQUAL
            block = [(LOAD, 0, 0, ARGUMENTS + 8 * argument), (kind, passed, failed, value), *block]
        again = [(LOAD, 0, 0, NUMBER)] if conditions else []
        lines += [(EQUAL, 0, len(block) + len(again), number), *block, *again]
    return [*lines, (ANSWER, 0, 0, ALLOW)]


def install(rules) -> None:
    """Filter the calls of this process, its threads to come and its children; nothing takes that back. Raises OSError."""
    lines = program(rules)
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    described = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for setting in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0)):
        if libc.prctl(*setting) != 0:
            raise OSError(ctypes.get_errno(), f"prctl: {os.strerror(ctypes.get_errno())}")
