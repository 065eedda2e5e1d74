"""The attack corpus: no undeserved point, no effect outside the sandbox, and no silence about it.

The files are in ``tests/attacks/CATEGORY/``. Those of ``forge`` stand in the solution
cell, and those of ``forge_a_graph`` in that of an assignment whose answer the judge cannot
recompute; those of ``lie_in_the_file`` change the submitted file; the others are cells that
print EFFECT where they get what they should not. What becomes of an attack, where attacks of a category differ
in that, is said by a line of its own file, which CONTRIBUTING.md lists. All hostile code runs in the
grader's sandbox or, as a control, in a weaker one. With ``AUTOGRADE_SANDBOX=landlock``, that is the second sandbox.
"""

import json
import os
import runpy
import socket
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from grading_helpers import (
    ATTACKS,
    RIGHT,
    about_attacks,
    answered,
    as_bytes,
    code_cells,
    encoder_graded,
    mini,
    points,
    printed,
)

from autograde import intake, job, outputs, supervise
from autograde.isolation import bubblewrap, machine, sandbox
from autograde.isolation.limits import MB, Limits

TOKEN, SECRET = f"token-{uuid.uuid4().hex}", f"secret-{uuid.uuid4().hex}"
WRONG = "def kl_term(z_mean, z_log_var):\n    return None\n"


def attacks(category):
    return sorted(path.stem for path in (ATTACKS / category).glob("*.py"))


def source(category, name, port=0):
    text = (ATTACKS / category / f"{name}.py").read_text(encoding="utf-8")
    return text.replace("@PORT@", str(port)).replace("@TOKEN@", TOKEN).replace("@SECRET@", SECRET)


def marked(word, category, name):
    """What an attack's file says of itself in a line ``# word: …``; nothing where it has none."""
    return source(category, name).partition(f"\n# {word}: ")[2].partition("\n")[0]


# --- forgeries and lies: through the whole of a job ----------------------------------------


def about(category):
    """The same for one attack of a category, or for all of it."""
    return lambda name="*": about_attacks(category, name)


def is_noted(result, category, name):
    """Whether the instructor is told of an attack what its file says in ``# noted: …``."""
    noted = marked("noted", category, name)
    return not noted or any(noted in text for _, text in result["notes"])


def grade(data, seconds=60):
    return job.grade(job.Job("mallory", mini(), data, Limits(seconds=seconds)))


@pytest.mark.sandbox
@pytest.mark.proof(about=about("forge"))
@pytest.mark.parametrize("name", attacks("forge"))
def test_forgery_earns_nothing_and_is_explained(name):
    result, _ = grade(as_bytes(answered(source("forge", name))))
    assert points(result) == dict.fromkeys(points(result), 0.0)
    assert result["max_score"] == 8
    for check in result["checks"]:
        assert check["reason"] or check["verdicts"][-1]["message"]
    assert not Path("/tmp/EFFECT_pickle").exists()


@pytest.mark.sandbox
@pytest.mark.proof(about=about("forge_a_graph"))
@pytest.mark.parametrize("name", attacks("forge_a_graph"))
def test_a_forged_graph_earns_what_the_graph_itself_is_worth(name):
    """Nothing, but for those that say what they ``deserve``: what their layers get if they are handed in openly."""
    limits = Limits(seconds=float(marked("seconds", "forge_a_graph", name) or 240))
    result, notebook = encoder_graded(source("forge_a_graph", name), limits)
    deserved = marked("deserves", "forge_a_graph", name).split()
    earned = {check["grade_id"].rpartition("_")[2]: check["passed"] for check in result["checks"]}
    assert [about for about, passed in earned.items() if passed] == deserved
    for check in result["checks"]:
        assert check["reason"] or check["verdicts"][-1]["message"]
        assert not check["verdicts"] or "could not be judged" not in check["verdicts"][-1]["message"]
    assert "EFFECT" not in json.dumps([cell.get("outputs") for cell in json.loads(notebook)["cells"]])
    assert not Path("/tmp/EFFECT_graph").exists()


@pytest.mark.sandbox
@pytest.mark.proof(about=about("lie_in_the_file"))
@pytest.mark.parametrize("name", attacks("lie_in_the_file"))
def test_lie_in_the_file_earns_nothing_changes_no_maximum_and_is_flagged(name):
    submitted = answered(WRONG)
    written = runpy.run_path(str(ATTACKS / "lie_in_the_file" / f"{name}.py"))["forge"](submitted)
    result, notebook = grade(written or as_bytes(submitted))  # a lie that JSON's writer would not write is in bytes
    assert points(result) == {"test_kl_term_shape": 0.0, "test_kl_term_values": 0.0, "test_kl_term_properties": 0.0}
    assert [check["max_points"] for check in result["checks"]] == [1, 3, 2]
    assert "<script>alert('EFFECT')" not in notebook and '"text/html"' not in notebook
    assert "javascript:alert" not in notebook and "svg" not in notebook and '"image/png"' not in notebook
    assert is_noted(result, "lie_in_the_file", name)


# --- spoiling: what an honest answer earned stays, whatever its notebook sends besides -----


@pytest.mark.sandbox
@pytest.mark.proof(about=about("spoil"))
@pytest.mark.parametrize("name", attacks("spoil"))
def test_what_spoils_a_notebook_is_left_out_and_the_mark_stays(name):
    result, text = grade(as_bytes(answered(RIGHT, extra=[source("spoil", name)])))
    assert result["score"] == 6 and result["status"] == "graded"
    text.encode()
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    data = [item for output in shown for item in output.get("data", {}).items()]
    assert all(kind == "text/plain" or outputs.is_picture(kind, picture) for kind, picture in data)
    assert len(shown) <= outputs.KEEP_OUTPUTS + 10 and len(text) < 2 * outputs.KEEP_ALL
    assert is_noted(result, "spoil", name)


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

STAMPS = [name for name in attacks("lie_about_time") if "STAMP = " in source("lie_about_time", name)]
WHILE_CELLS_RUN = sorted({*attacks("lie_about_time")} - {*STAMPS})


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


@pytest.mark.parametrize("name", STAMPS)
def test_a_false_date_is_ignored_and_flagged(name, tmp_path):
    lie = runpy.run_path(str(ATTACKS / "lie_about_time" / f"{name}.py"))
    for student, stamp in (("ada", b"2026-03-01 10:00:00.000000 UTC"), ("mallory", lie["STAMP"])):
        folder = tmp_path / "class" / student / "mini"
        folder.mkdir(parents=True)
        (folder / "mini.ipynb").write_bytes(as_bytes(answered(WRONG)))
        if stamp is not None:
            (folder / "timestamp.txt").write_bytes(stamp)
    if "MODIFIED" in lie:
        os.utime(folder / "mini.ipynb", (lie["MODIFIED"],) * 2)
    found = {s.student: s for s in intake.collect(tmp_path / "class", {"mini": mini()}).submissions}
    assert found["ada"].timestamp is not None and found["ada"].notes == []
    assert found["mallory"].timestamp is None and not found["mallory"].late
    assert lie["FLAG"] is None or lie["FLAG"] in found["mallory"].notes[0][1]


# --- without a sandbox ---------------------------------------------------------------------


def test_where_there_is_no_sandbox_the_grader_refuses_and_says_what_to_install(monkeypatch, tmp_path, capsys):
    from autograde.cli import main

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
