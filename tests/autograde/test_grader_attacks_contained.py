"""The attack corpus: no effect outside the sandbox, and nothing that outlasts it.

The files are in ``tests/attacks/CATEGORY/``: cells that print EFFECT where they get what they should not. What becomes of an attack,
where attacks of a category differ in that, is said by a line of its own file, which CONTRIBUTING.md lists. All hostile code runs in the
grader's sandbox or, as a control, in a weaker one. With ``AUTOGRADE_SANDBOX=landlock``, that is the second sandbox.
"""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from attacking import SECRET, TOKEN, WHILE_CELLS_RUN, about, attacks, marked, source
from grading_helpers import ATTACKS, about_attacks, code_cells, printed

from autograde import supervise
from autograde.isolation import bubblewrap, machine, sandbox
from autograde.isolation.limits import MB, Limits

# --- reading, writing, filling: nothing there, nothing left --------------------------------


@pytest.fixture(scope="session")
def bystander():
    """A server on loopback and on an abstract socket; yields the port. Nobody may reach it."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        port = server.getsockname()[1]
        abstract.bind(f"\0autograde-{port}")
        abstract.listen()
        yield port


def run_all(category, port=0, names=None, limits=Limits(seconds=240)):
    """Run attacks as cells of one kernel; returns ``{name: text}`` and the findings."""
    names = names or attacks(category)
    findings, usage = supervise.run(code_cells(*(source(category, name, port) for name in names)), limits)
    return {name: printed(findings, i) for i, name in enumerate(names)}, findings


def promised(name, text):
    """Of what an attack printed, what the sandbox that is used here promises to prevent: autograde/README.md has the table."""
    if sandbox.chosen().name == "bubblewrap":
        return text
    if name == "become_root" and (machine.closed_folders() or os.geteuid() == 0 and not machine.own_ids()):
        return ""  # Python is where only root may read it
    return "\n".join(line for line in text.splitlines() if not line.startswith("EFFECT name"))


@pytest.mark.sandbox
@pytest.mark.proof(about=about_attacks)
@pytest.mark.parametrize("category", ["read", "write", "fill"])
def test_no_effect(category, bystander, monkeypatch):
    monkeypatch.setenv("AUTOGRADE_TEST_SECRET", SECRET)
    texts, findings = run_all(category, bystander)
    assert findings["stopped"] is None
    assert {name: text for name, text in texts.items() if "EFFECT" in promised(name, text)} == {}
    # An attack that breaks off has shown nothing.
    assert {name: text for name, text in texts.items() if "Traceback" in text} == {}


@pytest.mark.sandbox
@pytest.mark.proof(about=about("write"))
def test_the_next_student_finds_nothing_of_the_last():
    run_all("write", names=["next_student_files", "next_student_ipython", "python_startup"])
    # Python and the course's library are there for everybody, and may lie under /tmp.
    look = (
        "import os, sys\nshared = (sys.prefix, os.environ['PYTHONPATH'])\n"
        "for folder in ('/tmp', '/dev/shm', os.path.expanduser('~')):\n"
        "    for where, _, names in os.walk(folder):\n"
        "        if not where.startswith(shared):\n"
        "            print([n for n in names if 'left' in n or n.endswith(('.pth', '00.py'))])"
    )
    findings, _ = supervise.run(code_cells(look), Limits(seconds=60))
    text = printed(findings)
    assert "[]" in text and "left" not in text and "EFFECT" not in text and ".pth" not in text
    assert not list(Path("/tmp").glob(f"*{TOKEN}*"))


CONTROLS = [
    "judge_by_import",
    "accounts",
    "environment",
    "other_processes",
    "loopback",
    "abstract_socket",
    "the_graders_package",
]


@pytest.mark.sandbox
@pytest.mark.proof(about=about("read"))
@pytest.mark.parametrize("name", CONTROLS)
def test_the_same_attack_succeeds_in_a_weaker_sandbox(name, bystander):
    """So that the tests above could fail: everything read-only, but in sight."""
    project = str(ATTACKS.parent.parent)
    weak = [
        "bwrap",
        "--unshare-user",
        "--ro-bind",
        "/",
        "/",
        "--tmpfs",
        "/tmp",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--ro-bind",
        project,
        project,
        "--ro-bind",
        sys.prefix,
        sys.prefix,  # either may lie under /tmp
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
    ]
    done = subprocess.run(
        [*weak, "--", sys.executable, "-c", source("read", name, bystander)],
        text=True,
        capture_output=True,
        env={**os.environ, "AUTOGRADE_TEST_SECRET": SECRET},
        timeout=60,
    )
    assert "EFFECT" in done.stdout, done.stderr


# --- surviving ------------------------------------------------------------------------------


def carriers():
    """Processes anywhere on this machine whose command line carries the token."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path.parent.name] if TOKEN.encode() in path.read_bytes() else []
        except OSError:
            pass
    return found


@pytest.mark.sandbox
@pytest.mark.proof(about=about("survive"))
def test_nothing_survives_the_sandbox():
    texts, findings = run_all("survive")
    assert all("Traceback" not in text for text in texts.values())
    until = time.monotonic() + 10
    while carriers() and time.monotonic() < until:
        time.sleep(0.1)
    assert carriers() == []


@pytest.mark.sandbox
@pytest.mark.proof(about=about("survive"))
def test_survivors_were_there_to_be_killed():
    cells = code_cells(*(source("survive", name) for name in attacks("survive")), "import time; time.sleep(20)")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(supervise.run, cells, Limits(seconds=15))
        most = 0
        while not future.done():
            most = max(most, len(carriers()))
            time.sleep(0.1)
    assert most >= 4
    assert "ran for more than" in future.result()[0]["stopped"]["why"]


# --- starving -------------------------------------------------------------------------------

TIGHT = Limits(memory=700 * MB, seconds=12, processes=64, output=20 * MB)


@pytest.mark.sandbox
@pytest.mark.proof(about=about("starve"))
@pytest.mark.parametrize("name", attacks("starve"))
def test_greed_is_stopped_with_a_reason(name):
    # A message too long for the judge does not fit into a tight kernel either, which may die of it first.
    memory = int(marked("kernel MB", "starve", name) or 0) * MB or TIGHT.memory
    limits = replace(TIGHT, memory=memory)
    findings, usage = supervise.run(code_cells(source("starve", name), "print('next')"), limits)
    if why := marked("stopped", "starve", name):
        assert why in findings["stopped"]["why"]
    else:  # refused inside the sandbox: the notebook goes on
        assert findings["stopped"] is None and "next" in printed(findings, 1)
    assert len(str(findings)) < 2 * MB
    # Of a message, the judge can count what has arrived whole; before that, its memory is watched.
    assert usage["judge_memory"] < int(marked("judge MB", "starve", name) or 500) * MB


# --- lying about time -----------------------------------------------------------------------


@pytest.mark.sandbox
@pytest.mark.proof(about=about("lie_about_time"))
@pytest.mark.parametrize("name", WHILE_CELLS_RUN)
def test_time_is_measured_outside(name):
    findings, _ = supervise.run(code_cells(source("lie_about_time", name), "print('next')"), Limits(seconds=6))
    if why := marked("stopped", "lie_about_time", name):
        assert why in findings["stopped"]["why"]
    else:
        assert findings["stopped"] is None
        assert printed(findings, 0) == "" and printed(findings, 1) == "next\n"


# --- without a sandbox ---------------------------------------------------------------------


def test_where_there_is_no_sandbox_the_grader_refuses_and_says_what_to_install(monkeypatch, tmp_path, capsys):
    from autograde.cli import main

    monkeypatch.delenv("AUTOGRADE_SANDBOX", raising=False)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(machine, "version", lambda: 0)
    sandbox._chosen.cache_clear()
    (tmp_path / "a.ipynb").write_bytes(b"{}")
    try:
        assert main(["grade", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    finally:
        sandbox._chosen.cache_clear()
    said = capsys.readouterr().err
    assert "apt install bubblewrap" in said and "no Landlock" in said and "autograde doctor" in said
    assert not (tmp_path / "out").exists()
