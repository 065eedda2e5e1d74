"""docs/new_exercise.md does what it says: its example, followed to the letter, is released and graded."""

import csv
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import numpy as np
import pytest

from vaelab.checks import judge
from vaelab.checks.judge.problem import Problem

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "new_exercise.md").read_text(encoding="utf-8")
NAME = "08_mine"
#: The code of the page: the judge's module, the line in the list of checks, a wrong answer.
MODULE, LISTED, WRONG = (
    textwrap.dedent(block)
    for block in re.findall(r"```python\n(.*?)^ *```", PAGE[PAGE.index("1. `vaelab") :], re.DOTALL | re.MULTILINE)
)

EXERCISE = """# %% [markdown]
# # Count words

# %%
from vaelab.checks import check

# %% nbgrader={"grade": false, "grade_id": "tally", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tally(words):
    ### BEGIN SOLUTION
    return {word: words.count(word) for word in words}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_tally_values", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("tally.values", tally)

# %% nbgrader={"grade": true, "grade_id": "test_empty", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
assert tally([]) == {}
"""

ANSWERS = {
    "right": ("from collections import Counter\n\ndef tally(words):\n    return dict(Counter(words))", (3, 1)),
    "lower": ("def tally(words):\n    words = [w.lower() for w in words]\n    return {w: words.count(w) for w in words}", (0, 1)),
    "none": ("def tally(words):\n    {word: words.count(word) for word in words}", (0, 0)),
    "forges": (
        "class Yes(dict):\n    def __eq__(self, other):\n        return True\n\ndef tally(words):\n    return Yes(a=1)", (0, 1),
    ),
}  # fmt: skip


def followed(folder):
    """The project with the page's three changes."""
    for name in ("vaelab", "autograde", "tools", "solutions/jupytext.toml", "course/README.md"):
        source, target = PROJECT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    (line,) = re.findall(r"Check\(.*\),", LISTED)
    judges = folder / "vaelab" / "checks" / "judge"
    (judges / "tally.py").write_text(MODULE, encoding="utf-8")
    change(
        judges / "__init__.py",
        "FUNCTIONS = {\n",
        "from vaelab.checks.judge import tally\n\nFUNCTIONS = {\n    **tally.CHECKS,\n",
    )
    change(folder / "vaelab" / "checks" / "points.py", "CHECKS = (\n", f"CHECKS = (\n    {line}\n")
    path = folder / "solutions" / NAME / f"{NAME}.py"
    path.parent.mkdir()
    path.write_text(EXERCISE, encoding="utf-8")
    return folder


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(project, *command):
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run([sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_pages_wrong_answer_is_named_as_its_first_line_says():
    page, answer = {}, {}
    exec(MODULE, page)
    exec(WRONG, answer)
    with pytest.raises(Problem) as found:
        page["CHECKS"]["tally.values"](np.random.default_rng(0), judge.Ask(answer["tally"], "tally"))
    assert WRONG.startswith(f"# expects: {found.value.mistake}\n")


@pytest.mark.sandbox
@pytest.mark.kernel
def test_the_pages_example_is_released_and_graded(tmp_path):
    project = followed(tmp_path / "project")
    assert "judged tests 1, answers to read 0, ordinary tests 1 (test_empty)" in run(project, "tools/release.py", NAME)
    for student, (code, _) in ANSWERS.items():
        notebook = nbformat.read(project / "course" / NAME / f"{NAME}.ipynb", as_version=4)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "tally":
                cell.source = code
        nbformat.write(notebook, tmp_path / f"class_{student}.ipynb")
        (tmp_path / "class" / student / NAME).mkdir(parents=True)
        shutil.move(tmp_path / f"class_{student}.ipynb", tmp_path / "class" / student / NAME / f"{NAME}.ipynb")
    run(
        project,
        "-m",
        "autograde",
        "grade",
        str(tmp_path / "class"),
        "--course",
        str(project),
        "--out",
        str(tmp_path / "out"),
    )
    with open(tmp_path / "out" / "marks.csv", encoding="utf-8-sig", newline="") as stream:
        got = {
            row["student"]: (float(row["test_tally_values"]), float(row["test_empty"]))
            for row in csv.DictReader(stream)
        }
    assert got == {student: points for student, (_, points) in ANSWERS.items()}
    page = (tmp_path / "out" / "feedback" / "lower" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "Words that differ in case are counted as one." in page and "Compare words as they are." in page
