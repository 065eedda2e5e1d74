"""What a student's kernel sees does not depend on where the project lies: beside Python, below /usr, in a conda environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograde.isolation import bubblewrap

PROJECT = Path(bubblewrap.PACKAGE).parent
ATTACK = (PROJECT / "tests" / "attacks" / "read" / "neighbouring_solutions.py").read_text(encoding="utf-8")
PYTHON = str(Path(sys.executable).resolve())


@pytest.fixture
def layout(monkeypatch):
    """A function that makes ``prefix`` one of Python's own folders, of which ``name`` is shown."""

    def change(prefix, name=None):
        monkeypatch.setattr(sys, "prefix", str(prefix))
        if name:
            monkeypatch.setattr(bubblewrap, "PREFIX", (*bubblewrap.PREFIX, name))
        bubblewrap._of_python.cache_clear()

    monkeypatch.setattr(bubblewrap, "_hidden", set())
    yield change
    monkeypatch.undo()
    bubblewrap._of_python.cache_clear()


def seen(code, judge=False):
    line = bubblewrap.command([PYTHON, "-c", code], judge=judge)
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, env={})
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    monkeypatch.setattr(bubblewrap, "private", list)
    assert "EFFECT" in seen(ATTACK)


@pytest.mark.sandbox
def test_results_and_submissions_are_covered_wherever_they_are(tmp_path, layout):
    shown, own = tmp_path / "share", ("out", "submitted", "deep/er/course")
    for folder in own:
        (shown / folder).mkdir(parents=True)
        (shown / folder / "secret.ipynb").write_text("EFFECT")
    (shown / "class.zip").write_text("EFFECT")
    (shown / "python.txt").write_text("of Python's")
    layout(tmp_path)
    look = (
        f"import contextlib, os\nfor folder, _, names in os.walk({str(shown)!r}):\n for name in names:\n"
        "  with contextlib.suppress(PermissionError):\n   print(name, open(os.path.join(folder, name)).read())"
    )
    assert seen(look).count("EFFECT") == 4
    bubblewrap.hide([*(shown / folder for folder in own), shown / "class.zip", tmp_path / "not there"])
    for judge in (False, True):
        assert "EFFECT" not in seen(look, judge) and "of Python's" in seen(look, judge)


@pytest.mark.sandbox
def test_of_usr_only_the_system_is_shown():
    for prefix in ("/usr", "/usr/local"):
        assert set(seen(f"import os; print(*os.listdir({prefix!r}))").split()) <= {*bubblewrap.PREFIX, "local"}
