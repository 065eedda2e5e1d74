"""What a student's kernel sees does not depend on where the project lies: beside Python, below /usr, in a conda environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograde.isolation import shown
from autograde.isolation.kernels import Started
from autograde.isolation.watch import kill

PROJECT = Path(shown.PACKAGE).parent
ATTACK = (PROJECT / "tests" / "attacks" / "read" / "neighbouring_solutions.py").read_text(encoding="utf-8")
PYTHON = str(Path(sys.executable).resolve())


@pytest.fixture
def layout(monkeypatch):
    """A function that makes ``prefix`` one of Python's own folders, of which ``name`` is shown."""

    def change(prefix, name=None):
        monkeypatch.setattr(sys, "prefix", str(prefix))
        if name:
            monkeypatch.setattr(shown, "PREFIX", (*shown.PREFIX, name))
        shown.of_python.cache_clear()

    monkeypatch.setattr(shown, "_hidden", set())
    yield change
    monkeypatch.undo()
    shown.of_python.cache_clear()


def seen(code, judge=False):
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = Started([PYTHON, "-c", code], judge=judge, text=True, **pipes)
    try:
        said, errors = process.communicate(timeout=120)
    finally:
        kill(process)
    assert process.returncode == 0, errors
    return said


LAYOUTS = {
    "as installed": lambda change: None,
    "a virtual environment in the project's folder itself": lambda change: change(PROJECT),
    "the project in a folder of Python's": lambda change: change(PROJECT.parent, PROJECT.name),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_student_finds_the_library_and_nothing_else_of_the_project(name, layout):
    LAYOUTS[name](layout)
    assert "EFFECT" not in seen(ATTACK)
    assert seen("import vaelab.checks.student, vaelab.data; print('there')") == "there\n"
    assert (
        seen("import importlib.util as u; print(u.find_spec('autograde'), u.find_spec('vaelab.checks.judge'))")
        == "None None\n"
    )
    # What covers a folder cannot be written to: memory there is on nobody's account.
    assert seen(
        f"import os; print([os.access({str(PROJECT)!r} + d, os.W_OK) for d in ('', '/vaelab', '/vaelab/checks')])"
    ) == ("[False, False, False]\n")


@pytest.mark.sandbox
@pytest.mark.parametrize("name", list(LAYOUTS)[2:])
def test_without_the_cover_it_would_be_found(name, layout, monkeypatch):
    LAYOUTS[name](layout)
    monkeypatch.setattr(shown, "private", list)
    assert "EFFECT" in seen(ATTACK)


@pytest.mark.sandbox
def test_results_and_submissions_are_covered_wherever_they_are(tmp_path, layout):
    share, own = tmp_path / "share", ("out", "submitted", "deep/er/course")
    for folder in own:
        (share / folder).mkdir(parents=True)
        (share / folder / "secret.ipynb").write_text("EFFECT")
    (share / "class.zip").write_text("EFFECT")
    (share / "python.txt").write_text("of Python's")
    layout(tmp_path)
    look = (
        f"import contextlib, os\nfor folder, _, names in os.walk({str(share)!r}):\n for name in names:\n"
        "  with contextlib.suppress(PermissionError):\n   print(name, open(os.path.join(folder, name)).read())"
    )
    assert seen(look).count("EFFECT") == 4
    shown.hide([*(share / folder for folder in own), share / "class.zip", tmp_path / "not there"])
    for judge in (False, True):
        assert "EFFECT" not in seen(look, judge) and "of Python's" in seen(look, judge)


@pytest.mark.sandbox
def test_of_usr_only_the_system_is_shown():
    for prefix in ("/usr", "/usr/local"):
        assert set(seen(f"import os; print(*os.listdir({prefix!r}))").split()) <= {*shown.PREFIX, "local"}
