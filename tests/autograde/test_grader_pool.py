"""Forked sandboxes: as closed as those that are started one by one, and the same in all that they do."""

import json
import os
import time
from pathlib import Path

import pytest
from grading_helpers import code_cells, connection, printed

from autograde import supervise
from autograde.isolation import folders, kernels, watch
from autograde.isolation import pool as pool_
from autograde.isolation.limits import MB, Limits
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


class Student:
    """A kernel and our line to it."""

    def __init__(self, folder, start=pool_.start_kernel):
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


def test_an_operation_outside_a_graph_runs_as_itself(two):
    """And not as a graph of it alone, whose making takes a sixth of a kernel's time: messages give that graph's name."""
    message = two[0].run("""
import tensorflow as tf
try:
    tf.constant([1.0, 2.0]) + tf.constant([1.0, 2.0, 3.0])
except tf.errors.InvalidArgumentError as error:
    print(error.message)
""")
    assert message.startswith("Incompatible shapes: [2] vs. [3] [Op:AddV2]")
