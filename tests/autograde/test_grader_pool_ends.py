"""How forked sandboxes end: with whom they serve, lost, interrupted, killed; and where nothing can be forked."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupytext
import pytest
from grading_helpers import COURSE, RIGHT, answered, as_bytes, connection, heed_ctrl_c, mini

from autograde import dispatch, pipeline
from autograde.isolation import pool as pool_
from autograde.isolation import sandbox, watch
from autograde.isolation.limits import Limits
from autograde.job import Job

pytestmark = pytest.mark.sandbox


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
child = pool.start_kernel(json.loads(sys.argv[1]), limits.Limits())
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


# Grades until the judge has its process for replays; then this process gets the signal that it was told (0: none).
INTERRUPTED = """
import os, sys, threading, time
from autograde import launch
from autograde.isolation import watch
from autograde.cli import main

begun = []

def noted(start):
    def starting(*arguments):
        process, cold = start(*arguments)
        begun.append(process.pid)
        if len(begun) == 2:
            threading.Thread(target=interrupt, daemon=True).start()
        return process, cold

    return starting

def interrupt():
    while any(len(watch.processes(pid)) < 2 for pid in begun):
        time.sleep(0.01)
    print(*(pid for first in begun for pid in watch.processes(first)), flush=True)
    os.kill(os.getpid(), int(sys.argv[1]))

if sys.argv[1] != "0":
    launch.start_kernel, launch.start_replayer = noted(launch.start_kernel), noted(launch.start_replayer)
sys.exit(main(sys.argv[2:]))
"""


def test_interrupted_while_a_graph_is_replayed_nothing_is_left_and_a_rerun_completes(tmp_path):
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
