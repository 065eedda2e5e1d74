"""A course that has never heard of this project: the same marks as stock nbgrader's on honest work, and the damaged graded as well."""

import copy
import csv
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
from grading_helpers import as_bytes, cell
from nbclient import NotebookClient
from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import determine_grade, is_grade

from autograde import assignment, pipeline
from autograde.cli import main

NAME = "readings"
GIVEN = Path(__file__).parent / "courses" / NAME

READ = "def read(path):\n    return np.loadtxt(path, delimiter=',', skiprows=1, usecols=1)"
KELVIN = "def mean_kelvin(celsius):\n    return np.mean([to_kelvin(c) for c in celsius])"
#: What students wrote in `read` and in `mean_kelvin`, and files of their own; None: the stub.
STUDENTS = {
    "right": (READ, KELVIN, {}),
    "not_begun": (None, None, {}),
    "half": (READ, "def mean_kelvin(celsius):\n    return to_kelvin(abs(np.mean(celsius)))", {}),
    "noisy": (READ, "import warnings\n" + KELVIN.replace("    return", "    warnings.warn('hot')\n    return"), {}),
    "syntax": ("def read(path)\n    return 1", KELVIN, {}),
    "own_module": (READ, "from mine import mean_kelvin", {"mine.py": b"import numpy as np\n\n" + KELVIN.replace("to_kelvin(c)", "c + 273.15").encode()}),
    "changed_units": (READ, KELVIN, {"units.py": b"def to_kelvin(celsius):\n    return 0\n"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course as its instructor has it: nbgrader's own folders and defaults, a notebook with a name of its own."""
    folder = tmp_path_factory.mktemp("course")
    source = folder / "source" / NAME
    source.mkdir(parents=True)
    nbformat.write(jupytext.read(GIVEN / f"{NAME}.py"), source / "week 1.ipynb")
    for name in ("units.py", "readings.csv"):
        shutil.copyfile(GIVEN / name, source / name)
    for student, (read, kelvin, files) in STUDENTS.items():
        place = folder / "submitted" / student / NAME
        place.mkdir(parents=True)
        (place / "week 1.ipynb").write_bytes(as_bytes(handed_in(folder, read, kelvin)))
        for name, content in files.items():
            (place / name).write_bytes(content)
    return folder


def handed_in(course, read, kelvin):
    notebook, _ = ClearHiddenTests().preprocess(copy.deepcopy(assignment.source_notebook(NAME, course)), {})
    for name, code in (("read", read), ("mean_kelvin", kelvin)):
        if code is not None:
            cell(notebook, name).source = code
    return notebook


def stock(course, student, folder):
    """Points by grade id, as nbgrader's autograder gives them: its files over the student's, all cells run, outputs read."""
    shutil.copytree(course / "submitted" / student / NAME, folder, dirs_exist_ok=True)
    for name in ("units.py", "readings.csv"):
        shutil.copyfile(GIVEN / name, folder / name)
    notebook = nbformat.read(folder / "week 1.ipynb", as_version=4)
    for restored in assignment.source_notebook(NAME, course).cells:
        if is_grade(restored) and not restored.metadata.nbgrader.solution:
            cell(notebook, restored.metadata.nbgrader.grade_id).source = restored.source
    NotebookClient(
        notebook, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(folder)}}
    ).execute()
    return {
        one.metadata.nbgrader.grade_id: determine_grade(one)[0]
        for one in notebook.cells
        if is_grade(one) and one.cell_type == "code"
    }


def test_nbgraders_defaults_are_read(course):
    assert assignment.names(course) == [NAME]
    assert {c.id: c.judged for c in assignment.load(NAME, course).cells if c.kind == "test"} == dict.fromkeys(
        ["test_read", "test_mean", "test_parts"], False
    )


def test_an_assignment_of_several_notebooks_is_named_and_stops_no_other(course, tmp_path):
    shutil.copytree(course / "source", tmp_path / "source")
    for name in ("a", "b"):
        (tmp_path / "source" / "ps1").mkdir(exist_ok=True)
        shutil.copyfile(course / "source" / NAME / "week 1.ipynb", tmp_path / "source" / "ps1" / f"{name}.ipynb")
    with pytest.raises(assignment.AssignmentError, match=r"ps1 has 2 notebooks \(a.ipynb, b.ipynb\)"):
        assignment.load("ps1", tmp_path)
    said = []
    found = pipeline._assignments(
        pipeline.Settings(tmp_path, tmp_path, tmp_path), assignment.names(tmp_path), said.append
    )
    assert list(found) == [NAME] and len(said) == 1 and "ps1" in said[0]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"cells": 3}', ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "metadata": {}, '
     '"outputs": [], "execution_count": null, "id": "a", "source": "### BEGIN SOLUTION"}]}')],
)  # fmt: skip
def test_an_assignment_that_is_broken_in_any_way_is_named(tmp_path, text):
    path = tmp_path / "source" / "ps2" / "ps2.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(assignment.AssignmentError):
        assignment.load("ps2", tmp_path)


@pytest.mark.sandbox
@pytest.mark.kernel
def test_marks_are_stock_nbgraders_and_the_damaged_are_graded_as_well(course, tmp_path):
    broken = course / "submitted" / "broken" / NAME
    broken.mkdir(parents=True)
    (broken / "week 1.ipynb").write_bytes(b"{")
    command = ["grade", str(course / "submitted"), "--course", str(course), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    with open(tmp_path / "out" / "marks.csv", encoding="utf-8-sig", newline="") as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream)}
    assert set(rows) == {*STUDENTS, "broken"} and rows["broken"]["status"] == "unreadable"
    for student in STUDENTS:
        expected = stock(course, student, tmp_path / student)
        if student == "noisy":  # a warning costs points in stock nbgrader, and none here
            assert expected["test_mean"] == 0
            expected.update(test_mean=3.0, test_parts=4.0)
        got = {name: float(rows[student][name]) for name in expected}
        assert got == expected, student
