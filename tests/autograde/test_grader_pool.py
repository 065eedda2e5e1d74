"""Forked sandboxes: as closed as those that are started one by one, and the same in all that they do."""

import functools
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import pytest
from grading_helpers import COURSE, RIGHT, answered, as_bytes, code_cells, heed_ctrl_c, mini, printed

from autograde import dispatch, pipeline, supervise
from autograde.isolation import folders, kernels, sandbox, watch
from autograde.isolation import pool as pool_
from autograde.isolation.limits import MB, Limits
from autograde.job import Job
from autograde.kernel_client import Kernel

pytestmark = pytest.mark.sandbox

# What a student could find of anybody else, by every way that we know; each line is a finding.
LOOK = """
import ctypes, glob, os, socket
libc = ctypes.CDLL(None, use_errno=True)
own = {1, *map(int, os.listdir("/proc/self/task"))}

def found(*what):
    print("FOUND", *what)

def attempt(name, action):
    try:
        result = action()
    except OSError:
        return
    if result not in (None, -1, b"", [], False):
        found(name, result)

for pid in range(1, 400):
    if pid not in own:
        attempt("process", lambda: os.kill(pid, 0) is None and f"signal reaches {pid}")
        attempt("pidfd", lambda: os.pidfd_open(pid))
for pid in {1, *range(2, 60)} - own | {1}:
    attempt("ptrace", lambda: libc.ptrace(16, pid, 0, 0) + 1)
    for name in ("mem", "environ", "maps", "root/etc", "cwd/.", "fd/0"):
        attempt("proc", lambda: open(f"/proc/{pid}/{name}", "rb").read(1) or os.listdir(f"/proc/{pid}/{name}"))
    buffer, there = ctypes.create_string_buffer(8), ctypes.c_void_p(0x400000)
    vectors = [(ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8), (ctypes.c_void_p * 2)(0x400000, 8)]
    attempt("memory", lambda: libc.process_vm_readv(pid, vectors[0], 1, vectors[1], 1, 0) + 1)
attempt("processes", lambda: sorted(set(os.listdir("/proc")) & set(map(str, range(3, 100000)))))
attempt("shared memory", lambda: open("/proc/sysvipc/shm").read().splitlines()[1:])
attempt("semaphores", lambda: open("/proc/sysvipc/sem").read().splitlines()[1:])
attempt("message queue", lambda: open("/proc/sysvipc/msg").read().splitlines()[1:])
attempt("files", lambda: [n for folder in ("/tmp", "/dev/shm", "/home/student", "/dev/mqueue") for n in glob.glob(folder + "/*mark*")])
attempt("terminals", lambda: [n for n in os.listdir("/dev/pts") if n != "ptmx"])
attempt("sockets", lambda: [line for line in open("/proc/net/unix") if "@" in line])
attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + "mark") or "connected")
attempt("loopback", lambda: bool(socket.create_connection(("127.0.0.1", 9753), timeout=1)))
KEY = 250 if os.uname().machine == "x86_64" else 219
for keyring in (-1, -2, -3, -4, -5):
    attempt("keyring", lambda: libc.syscall(KEY, 6, keyring, 0, 0, 0) + 1)
attempt("new key", lambda: libc.syscall(KEY - 2, b"user", b"mark", b"x", 1, -3) + 1)
attempt("user namespace", lambda: libc.unshare(0x10000000) + 1)
attempt("uncovered", lambda: libc.umount2(b"/proc", 2) + 1)
attempt("uncovered", lambda: libc.umount2(b"/tmp", 2) + 1)
for fd in range(3, 256):
    try:
        target = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        continue
    if not target.startswith(("anon_inode:", "socket:", "pipe:", "/dev/null", "/dev/urandom")):
        found("descriptor", fd, target)
"""

# One of each of these, left open: they stay until the notebook ends.
LEAVE = """
import ctypes, os, pty, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
for folder in ("/tmp", "/dev/shm", os.path.expanduser("~")):
    with open(os.path.join(folder, "mark"), "w") as stream:
        stream.write("x")
abstract = socket.socket(socket.AF_UNIX)
abstract.bind(chr(0) + "mark")
abstract.listen()
server = socket.create_server(("127.0.0.1", 9753))
libc.shmget(4711, 4096, 0o1666)
libc.semget(4711, 1, 0o1666)
terminal = pty.openpty()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("left")
"""


def connection(folder):
    return {
        "transport": "ipc",
        "ip": f"{folder}/k",
        "key": secrets.token_hex(32),
        "shell_port": 1,
        "iopub_port": 2,
        "stdin_port": 3,
        "control_port": 4,
        "hb_port": 5,
    }


class Student:
    """A kernel and our line to it."""

    def __init__(self, folder, start=functools.partial(pool_.start_kernel, pool_.KERNEL)):
        folder.mkdir()
        self.process = start(connected := connection(folder), Limits())
        self.line = Kernel(connected, 10 * MB)
        self.line.wait_until_ready()

    def run(self, code):
        outputs, _ = self.line.run(code)
        assert not [item for item in outputs.items if item["output_type"] == "error"], outputs.items
        return "".join(item["text"] for item in outputs.items if item.get("name") == "stdout")

    def end(self):
        self.line.close()
        watch.kill(self.process)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two students' kernels at once, forked from the same process."""
    folder = tmp_path_factory.mktemp("k")
    students = [Student(folder / "1"), Student(folder / "2")]
    yield students
    for student in students:
        student.end()


def test_two_students_at_once_find_nothing_of_each_other_nor_of_the_grader(two):
    first, second = two
    assert first.run(LEAVE) == "left\n"
    assert second.run(LOOK) == ""
    # It is there to be found: by the one who left it.
    kinds = {line.split()[1] for line in first.run(LOOK).splitlines()}
    assert kinds >= {"process", "pidfd", "processes", "files", "terminals", "sockets", "abstract", "loopback"}


def test_two_students_draw_different_random_numbers(two):
    draw = (
        "import random, uuid, numpy, keras\n"
        "print(random.random(), numpy.random.rand(), numpy.random.default_rng().random(), uuid.uuid1(), uuid.uuid4(),"
        " float(keras.random.uniform(())), float(keras.random.uniform((), seed=keras.random.SeedGenerator())))"
    )
    first, second = (student.run(draw).split() for student in two)
    assert len(first) == 7 and not set(first) & set(second)


def test_a_forked_kernel_finds_what_a_started_one_finds(two, tmp_path):
    look = """
import grp, json, os, resource, socket, sys
scratch = ("/tmp", "/home/student", "/dev/shm")
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
print(json.dumps({
    "environment": sorted(os.environ.items()), "folder": os.getcwd(), "path": sys.path, "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "host": socket.gethostname(), "nice": os.nice(0), "umask": os.umask(0o22), "interfaces": socket.if_nameindex(),
    "limits": [resource.getrlimit(i) for i in range(16)],
    "status": [status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")],
    "scratch": [[os.statvfs(f).f_blocks, os.statvfs(f).f_flag, oct(os.stat(f).st_mode), os.stat(f).st_uid] for f in scratch],
    "read-only": [os.statvfs(f).f_flag & 1 for f in ("/", "/usr", "/proc", "/dev", sys.prefix)],
    "files": sorted(os.listdir("/")), "devices": sorted(os.listdir("/dev")), "terminals": os.listdir("/dev/pts"),
}))
"""
    started = Student(tmp_path / "k", kernels.start_kernel)
    try:
        expected, found = json.loads(started.run(look)), json.loads(two[1].run(look))
    finally:
        started.end()
    # Libraries that have been imported add to it.
    assert dict(expected.pop("environment")).items() <= dict(found.pop("environment")).items()
    assert found == expected
    assert set(expected["status"][:5]) == {"0000000000000000"} and expected["read-only"] == [1] * 5


def both(pid):
    """The two processes of a forked sandbox, as soon as the second is there."""
    while len(found := watch.processes(pid)) < 2:
        assert found and Path(f"/proc/{pid}").exists()
        time.sleep(0.01)
    return found


def test_a_judge_sees_the_folder_of_its_own_job(tmp_path):
    others, own = Path(folders.common(), "others"), Path(folders.common(), "own")
    for folder in (others, own):
        folder.mkdir()
    (own / "order.json").write_text(json.dumps({"connection": connection(own), "output_limit": 1, "cells": []}))
    with open(tmp_path / "log", "wb") as log:
        judge = pool_.start_trusted("autograde.judge_process", own / "order.json", log)
    try:
        second = both(judge.pid)[1]
        common = Path(f"/proc/{second}/root{folders.common()}")
        while not common.exists():  # it has begun, and has not yet got what it may see
            assert Path(f"/proc/{judge.pid}").exists()
            time.sleep(0.01)
        assert os.listdir(common) == ["own"]
        assert os.listdir(f"/proc/{second}/root/home") == ["student"]
    finally:
        judge.kill()
        judge.stdin.close()
        judge.stdout.close()
        own.joinpath("order.json").unlink()
        others.rmdir()
        own.rmdir()


SHARE = """
import os, time
block = bytearray(os.urandom(1 << 20)) * 300
for _ in range(5):
    if os.fork() == 0:
        time.sleep(2)
        os._exit(0)
time.sleep(1)
print("done")
"""


def test_memory_is_counted_once_however_many_share_it():
    findings, usage = supervise.run(code_cells(SHARE), Limits(seconds=60, memory=1000 * MB))
    assert findings["stopped"] is None and "done" in printed(findings)
    assert 300 * MB < usage["peak_memory"] < 800 * MB


def test_memory_that_cannot_be_looked_into_counts_in_full(monkeypatch):
    """A process can forbid others, but for root, to see more than its size."""
    read = Path.read_text

    def forbidden(path, *args, **kwargs):
        if path.name == "smaps_rollup":
            raise PermissionError(path)
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", forbidden)
    assert watch.memory([os.getpid()]) > 20 * MB


def test_a_lost_nursery_is_the_graders_failure_and_the_next_job_has_a_new_one(monkeypatch):
    monkeypatch.setattr(pool_, "_nurseries", pool_._Nurseries())  # the other tests' kernels live on
    with ThreadPoolExecutor(1) as pool:
        waiting = answered("import time\ntime.sleep(60)\n")
        future = pool.submit(dispatch.work, Job("alice", mini(), as_bytes(waiting), Limits(seconds=60)))
        nursery = pool_._nurseries.get(pool_.KERNEL)
        # bwrap, the nursery's process, a child's first process and the kernel
        while len(found := watch.processes(nursery.process.pid)) < 4:
            assert not future.done()
            time.sleep(0.05)
        os.kill(found[1], signal.SIGKILL)
        assert "has ended" in future.result()["failure"]
    outcome = dispatch.work(Job("alice", mini(), as_bytes(answered(RIGHT)), Limits(seconds=60)))
    assert outcome["result"]["score"] == 6 and "cold" not in outcome["result"]["usage"]


WORKER = """
import json, sys, time
from autograde.isolation import limits, pool, watch
child = pool.start_kernel(pool.KERNEL, json.loads(sys.argv[1]), limits.Limits())
while len(watch.processes(child.pid)) < 2:
    time.sleep(0.01)
print(json.dumps(watch.processes(child.pid)), flush=True)
time.sleep(60)
"""


def test_children_end_with_the_process_that_ordered_them(tmp_path):
    line = [sys.executable, "-c", WORKER, json.dumps(connection(tmp_path))]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as worker:
        children = json.loads(worker.stdout.readline())
        alive = [pid for pid in children if Path(f"/proc/{pid}").exists()]
        worker.kill()
    assert len(alive) == len(children) == 2
    until = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in children) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


# Grades until the judge has its second kernel; then this process gets the signal that it was told (0: none).
INTERRUPTED = """
import os, sys, threading, time
from autograde import launch
from autograde.isolation import watch
from autograde.cli import main

begun, start = [], launch.start_kernel

def starting(*arguments):
    process, cold = start(*arguments)
    begun.append(process.pid)
    if len(begun) == 2:
        threading.Thread(target=interrupt, daemon=True).start()
    return process, cold

def interrupt():
    while any(len(watch.processes(pid)) < 2 for pid in begun):
        time.sleep(0.01)
    print(*(pid for first in begun for pid in watch.processes(first)), flush=True)
    os.kill(os.getpid(), int(sys.argv[1]))

if sys.argv[1] != "0":
    launch.start_kernel = starting
sys.exit(main(sys.argv[2:]))
"""


def test_interrupted_while_the_second_kernel_runs_nothing_is_left_and_a_rerun_completes(tmp_path):
    (tmp_path / "class").mkdir()
    answer = jupytext.read(COURSE / "solutions" / "encoder" / "encoder.py")
    (tmp_path / "class" / "ada.ipynb").write_text(jupytext.writes(answer, fmt="ipynb"))

    def graded(number):
        return [
            sys.executable,
            "-c",
            INTERRUPTED,
            str(int(number)),
            "grade",
            tmp_path / "class",
            "--assignment",
            "encoder",
            "--course",
            COURSE,
            "--out",
            tmp_path / "out",
            "--workers",
            "1",
        ]

    for number, status in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        with subprocess.Popen(
            graded(number), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c
        ) as process:
            kernels = next(text for text in process.stdout if text.strip().replace(" ", "").isdigit()).split()
            process.communicate(timeout=120)
        assert process.returncode == status
        until = time.monotonic() + 20
        while (left := [pid for pid in kernels if Path(f"/proc/{pid}").exists()]) and time.monotonic() < until:
            time.sleep(0.05)
        assert len(kernels) >= 4 and not left
    subprocess.run(graded(0), check=True, capture_output=True)
    result = json.loads((tmp_path / "out" / "results" / "ada" / "encoder" / "result.json").read_text())
    assert (result["status"], result["score"]) == ("graded", 10)


def test_where_nothing_can_be_forked_grading_goes_on_and_says_so_once(tmp_path, monkeypatch):
    chosen = type(sandbox.chosen())
    plain = chosen.command

    def refused(self, argv, tenancy=None, *, warm=False, **options):
        line = plain(self, argv, tenancy, warm=warm, **options)
        return [sys.executable, "/not/there", *line[1:]] if warm else line

    monkeypatch.setattr(chosen, "command", refused)
    monkeypatch.setattr(pool_, "_nurseries", pool_._Nurseries())
    (tmp_path / "class").mkdir()
    for name, body in {"ada": RIGHT, "bob": "import os; os._exit(1)"}.items():
        (tmp_path / "class" / f"{name}.ipynb").write_bytes(as_bytes(answered(body)))
    said = []
    summary = pipeline.run(
        pipeline.Settings(tmp_path / "class", tmp_path / "out", COURSE, "mini", workers=2), say=said.append
    )
    assert (summary.graded, summary.failed) == (2, [])
    scores = {
        name: json.loads((tmp_path / "out" / "results" / name / "mini" / "result.json").read_text())["score"]
        for name in ("ada", "bob")
    }
    assert scores == {"ada": 6, "bob": 0}
    (why,) = [text for text in said if "started on its own" in text]
    assert "/not/there" in why


def test_a_figure_of_the_course_comes_with_its_description(two):
    assert two[0].run("""
import numpy as np
from unittest import mock
from IPython import display
from vaelab import plots
x = np.zeros((12, 28, 28), "float32")
with mock.patch("IPython.display.display") as shown:
    plots.gallery(x, n=3)
    plots.reconstructions(x, x, n=2)
    plots.marginals({"points": np.zeros((5, 2))})
    plots.latent_scatter(np.zeros((10, 2)), np.arange(10))
for call in shown.call_args_list:
    print(*call.args[0], call.args[0]["text/plain"][:20], sep=":")
""").splitlines() == [
        "text/plain:Images of the data s",
        "text/plain:2 images a row: orig",
        "text/plain:Clouds of latent poi",
        "text/plain:10 points in latent ",
    ]


def test_the_next_grader_removes_what_a_killed_one_left_and_nothing_else(tmp_path):
    """Not the folder of a grader at work, nor of another program, nor what a link points to."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    code = "import sys; from autograde.isolation import folders; print(folders.common(), flush=True); sys.stdin.read()"

    def grader():
        process = subprocess.Popen(
            [sys.executable, "-c", code], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return process, Path(process.stdout.readline().strip())

    first, abandoned = grader()
    (abandoned / "job").mkdir()
    first.kill()
    first.communicate()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "lock").touch()
    (tmp_path / "autograde-link").symlink_to("elsewhere")
    (tmp_path / "autograde-notes").mkdir()
    second, held = grader()
    assert not abandoned.exists()
    third, another = grader()
    left = {path.name for path in tmp_path.iterdir()}
    for process in (second, third):
        process.communicate("")
    assert left == {"elsewhere", "autograde-link", "autograde-notes", held.name, another.name}
    assert (tmp_path / "elsewhere" / "lock").exists()
    assert not held.exists() and not another.exists()
