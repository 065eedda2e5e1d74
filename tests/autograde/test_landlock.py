"""The second sandbox: one attempt of each kind, on bare processes. The whole corpus: ``AUTOGRADE_SANDBOX=landlock pytest tests/autograde/test_grader_attacks*.py``."""

import functools
import json
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograde.isolation import (
    bubblewrap,
    doctor,
    folders,
    kernels,
    landlock,
    machine,
    sandbox,
    seccomp,
    tenancy,
    watch,
)
from autograde.isolation.limits import MB, Limits, SandboxMissing

PROJECT = Path(__file__).resolve().parents[2]

# Everything that must fail; each line that is printed is a hole. What must work comes last.
ATTEMPTS = """
import ctypes, json, os, signal, socket, subprocess, sys, tempfile
grader, port, outside = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
libc = ctypes.CDLL(None, use_errno=True)
intel = os.uname().machine == "x86_64"
def attempt(what, action):
    try:
        result = action()
    except OSError:
        return
    if result not in (-1, None, b"", []):
        print(what, result)
def opened(path, mode="rb"):
    return lambda: open(path, mode).close() or path
attempt("read", opened("/etc/passwd")); attempt("read", opened(f"{outside}/secret")); attempt("read", opened(f"{outside}/secret", "ab"))
attempt("judge", opened(f"{outside}/judge.py"))
for folder in (outside, "/tmp", "/dev/shm", "/var/tmp", "/usr", os.path.dirname(os.environ["TMPDIR"]) + "/.."):
    attempt("write", opened(f"{folder}/autograde-hole", "w"))
    attempt("list", lambda: os.listdir(folder) if folder != "/usr" else None)
attempt("truncate", lambda: os.truncate(f"{outside}/secret", 0) or True)
attempt("hard link", lambda: os.link(f"{outside}/secret", "linked") or True)
os.symlink(outside, "link"); attempt("through a link", opened("link/secret"))
for name in ("environ", "maps", "mem", "fd", "cwd/.", "root/etc/passwd", "cmdline", "status"):
    attempt("proc", opened(f"/proc/{grader}/{name}"))
attempt("proc", lambda: os.listdir("/proc")); attempt("proc", opened("/proc/net/unix")); attempt("proc", opened("/proc/self/net/tcp"))
for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16, 40):
    attempt("socket", lambda: socket.socket(family, socket.SOCK_DGRAM).fileno())
attempt("datagrams by a pair", lambda: [s.fileno() for s in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)])
for number in (0, signal.SIGCONT):
    for pid in (grader, os.getppid()):
        attempt("signal", lambda: os.kill(pid, number) is None and pid)
attempt("signal", lambda: signal.pidfd_send_signal(os.pidfd_open(grader), 0) is None)
attempt("trace", lambda: libc.ptrace(16, grader, None, None)); attempt("trace", lambda: libc.ptrace(16, os.getppid(), None, None))
attempt("namespace", lambda: libc.unshare(0x10000000)); attempt("namespace", lambda: libc.unshare(0x40000000))
KEY, SEMGET, INOTIFY = (250, 64, 294) if intel else (219, 190, 26)
attempt("keyring", lambda: libc.syscall(KEY, 0, -3, 0, 0, 0)); attempt("new key", lambda: libc.syscall(KEY - 2, b"user", b"x", b"x", 1, -3))
attempt("semaphore", lambda: libc.semget(4711, 1, 0o1666)); attempt("shared memory", lambda: libc.shmget(4711, 4096, 0o1666))
attempt("message queue", lambda: libc.msgget(4711, 0o1666)); attempt("watch of a folder", lambda: libc.inotify_init1(0))
attempt("memory in a file", lambda: os.memfd_create("x"))
attempt("limits of another", lambda: __import__("resource").prlimit(grader, 7)); attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, grader, 19) or True)
attempt("hide", lambda: libc.prctl(4, 0, 0, 0, 0))
before = os.stat(f"{outside}/secret")
for change in (lambda: os.chmod(f"{outside}/secret", 0o777), lambda: os.utime(f"{outside}/secret", (0, 0)), lambda: os.chown(f"{outside}/secret", os.getuid(), -1)):
    attempt("change", lambda: change() and None)
after = os.stat(f"{outside}/secret")
if (before.st_mode, before.st_mtime, before.st_uid) != (after.st_mode, after.st_mtime, after.st_uid):
    print("changed a file outside")
if os.getsid(0) == os.getpid() or [os.setsid()] and os.getpgid(0) != int(open("/proc/self/stat").read().rpartition(")")[2].split()[2]):
    print("left its session")
for line in open("/proc/self/status"):
    if line.startswith("NoNewPrivs") and line.split()[1] != "1":
        print(line)
# --- what must work
with tempfile.NamedTemporaryFile("w") as stream:
    stream.write("x")
socket.socketpair()
assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True, start_new_session=True).stdout == "1\\n"
import numpy, vaelab.checks.student
print("done")
"""


#: The ways of the second sandbox that this machine offers; what is refused elsewhere is tested below.
LANDLOCK = machine.version() if sys.platform == "linux" else 0
WAYS = [
    *(["a user id for each"] if LANDLOCK and machine.own_ids() else []),
    *(["the grader's user id"] if LANDLOCK >= landlock.SIGNALS else []),
]


@pytest.fixture(params=WAYS)
def second(request, monkeypatch):
    """The second sandbox, each of its ways, as the one that is chosen."""
    made = landlock.Landlock()
    monkeypatch.setattr(machine, "own_ids", lambda: request.param == "a user id for each")
    assert made.obstacle() is None
    monkeypatch.setattr(kernels, "chosen", lambda: made)
    return made


@pytest.fixture
def outside(tmp_path):
    """A folder that everybody may read and write, as far as its mode goes."""
    for folder in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        folder.chmod(0o777)
    for name in ("secret", "judge.py"):
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(0o666)
    return tmp_path


def started(code, *arguments, limits=None):
    before = (
        ""
        if limits is None
        else f"import sys; sys.path.insert(0, {landlock.view() + '/run'!r}); import kernel_entry; kernel_entry.limit({limits!r})\n"
    )
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return kernels.Started([sys.executable, "-c", before + code, *map(str, arguments)], **pipes)


@pytest.mark.sandbox
def test_nothing_that_is_not_listed_can_be_read_written_reached_or_signalled(second, outside):
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = started(ATTEMPTS, os.getpid(), server.getsockname()[1], outside)
        try:
            said, _ = process.communicate(timeout=120)
        finally:
            watch.kill(process)
    assert said == "done\n"
    assert (outside / "secret").read_text() == "secret" and not (outside / "autograde-hole").exists()


def stopped(code, limits):
    """Why a process is stopped, by a watch as the grader's; everything that it started is gone afterwards."""
    # A process's own limit on memory is wider here: the sum, which is watched from outside, is what this is about.
    process = started(code, limits=landlock.Landlock().limits(limits) | {"memory": 4 * limits.memory})
    tenancy, watching = process.tenancy, watch.Watch(process.pid, limits, process.tenancy)
    why, seen = None, set()
    try:
        while why is None and process.poll() is None:
            seen.update(watch.processes(process.pid))
            why = watching.exceeded()
            time.sleep(0.02)
    finally:
        process.stdout.close()
        watch.kill(process)
    assert not [pid for pid in seen if Path(f"/proc/{pid}").exists()] and tenancy.scratch is None
    return why


#: What is bounded by itself: at most so much, for so long.
GREED = {
    "processes": ("import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(60)\ntime.sleep(60)", "more than 20 processes"),
    "memory": ("import time\nheld = bytearray(b'x' * (300 << 20))\ntime.sleep(60)", "more than 200 MB of memory"),
    "time": ("import time\ntime.sleep(60)", "for more than 2 s"),
    "disk": ("import time\nfor i in range(8):\n    open(str(i), 'wb').write(b'x' * (10 << 20))\ntime.sleep(60)", "MB of files"),
    "deleted files": ("import os, time\nheld = []\nfor i in range(8):\n    held.append(open(str(i), 'wb'))\n    os.unlink(str(i))\n    held[-1].write(b'x' * (10 << 20))\ntime.sleep(60)", "MB of files"),
}  # fmt: skip


@pytest.mark.sandbox
@pytest.mark.parametrize("name", GREED)
def test_what_takes_too_much_is_stopped_and_leaves_nothing(name, second, monkeypatch):
    monkeypatch.setattr(watch, "MOST_WRITTEN", 40 * MB)
    code, why = GREED[name]
    limits = Limits(memory=(200 if name == "memory" else 3000) * MB, seconds=2 if name == "time" else 60, processes=20)
    assert why in stopped(code, limits)


@pytest.mark.sandbox
def test_a_sandbox_ends_with_the_thread_that_started_it_and_its_folder_with_the_grader(tmp_path):
    code = (
        "import sys, time; from autograde.isolation import kernels, folders, watch\n"
        "process = kernels.Started([sys.executable, '-c', 'import os, time; os.fork(); os.setsid(); time.sleep(60)'])\n"
        "while len(watch.processes(process.pid)) < 3: time.sleep(0.01)\n"
        "print(*watch.processes(process.pid), flush=True); time.sleep(60)"
    )
    environment = {**os.environ, sandbox.CHOICE: "landlock"}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as grader:
        pids = grader.stdout.readline().split()
        grader.kill()
    until = time.monotonic() + 20
    while (left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(pids) == 3 and not left


@pytest.mark.sandbox
def test_where_namespaces_are_forbidden_the_second_sandbox_is_chosen_and_doctor_says_why():
    line = [sys.executable, PROJECT / "tests" / "container.py", sys.executable, "-m", "autograde", "doctor"]
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "First sandbox, bubblewrap: does not work" in done.stdout and "uses: landlock" in done.stdout
    assert "docs/containers.md" in done.stdout


@pytest.mark.parametrize(
    "said, advice, other",
    [
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "systempaths=unconfined", "switched off"),
        ("bwrap: No permissions to create new namespace", "user.max_user_namespaces", "covers parts"),
        ("bwrap: setting up uid map: Permission denied", "AppArmor", "covers parts"),
    ],
)
def test_where_bubblewrap_cannot_start_a_sandbox_the_advice_fits_what_it_says(monkeypatch, said, advice, other):
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: "/usr/bin/bwrap")
    failed = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(bubblewrap.subprocess, "run", lambda *line, **options: failed)
    with pytest.raises(SandboxMissing) as refusal:
        bubblewrap.require_bubblewrap()
    assert said in str(refusal.value) and advice in str(refusal.value) and other not in str(refusal.value)


def test_an_old_linux_is_refused_where_the_grader_cannot_give_user_ids(monkeypatch):
    monkeypatch.setattr(machine, "own_ids", lambda: False)
    for version, word in ((0, "no Landlock"), (5, "signals"), (landlock.SIGNALS, None)):
        monkeypatch.setattr(machine, "version", functools.partial(int, version))
        monkeypatch.setattr(sys, "platform", "linux")
        why = landlock.Landlock().obstacle()
        assert (why is None) == (word is None) and (word is None or word in why)
    monkeypatch.setattr(machine, "version", lambda: 0)
    monkeypatch.setattr(sandbox.Bubblewrap, "require", lambda self: (_ for _ in ()).throw(SandboxMissing("none")))
    monkeypatch.setattr(sandbox, "_chosen", functools.cache(sandbox._chosen.__wrapped__))  # nothing was chosen before
    text, works = doctor.report()
    assert not works and "refused" in text


def test_a_filter_asks_every_condition_and_leaves_other_calls_alone():
    """The lines of the filter, followed as Linux does."""

    def answer(rules, name, *arguments):
        number = seccomp.NUMBERS[name][list(seccomp.MACHINES).index(os.uname().machine)]
        data = {0: number, 4: seccomp.MACHINES[os.uname().machine]}
        data |= {16 + 8 * i: argument for i, argument in enumerate(arguments)}
        lines, at, held = seccomp.program(rules), 0, 0
        while True:
            code, yes, no, value = lines[at]
            at += 1
            if code == seccomp.ANSWER:
                return value
            if code == seccomp.LOAD:
                held = data.get(value, 0)
            else:
                true = {
                    seccomp.EQUAL: held == value,
                    seccomp.AT_LEAST: held >= value,
                    seccomp.ANY_BIT: bool(held & value),
                }
                at += yes if true[code] else no

    rules = seccomp.EVERYWHERE
    assert answer(rules, "keyctl") == seccomp.NO_SUCH_CALL and answer(rules, "ptrace") == seccomp.ALLOW
    assert answer(rules, "socket", 1) == seccomp.ALLOW and answer(rules, "socket", 40) == seccomp.NO_SUCH_FAMILY
    for flags, expected in ((0x22, seccomp.ALLOW), (0x21, seccomp.FORBID), (0x01, seccomp.ALLOW)):
        assert answer(rules, "mmap", 0, 0, 0, flags) == expected
    only_self = [("prlimit64", ((0, "not", 0),), seccomp.FORBID)]
    assert answer(only_self, "prlimit64", 0) == seccomp.ALLOW and answer(only_self, "prlimit64", 7) == seccomp.FORBID


@pytest.mark.sandbox
def test_the_students_copy_of_the_library_is_without_the_judge(second):
    names = {path.name for path in Path(landlock.view(), "student", "vaelab", "checks").iterdir()}
    assert "judge" not in names and "student" in names
    granted = json.dumps(second.settings()["grants"])
    assert str(PROJECT / "solutions") not in granted and folders.common() + "/view/judge" not in granted


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_a_user_id_that_a_process_has_is_given_to_nobody(monkeypatch):
    taken, free = tenancy.IDS[5], tenancy.IDS[6]
    assert tenancy.in_use(os.getuid()) and not tenancy.in_use(free)
    monkeypatch.setattr(random.SystemRandom, "sample", lambda self, ids, count: [taken, free])
    monkeypatch.setattr(tenancy, "in_use", lambda uid: uid == taken)
    uid, held = tenancy._lease()
    held.close()
    assert uid == free
