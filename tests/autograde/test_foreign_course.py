"""A course that has never heard of this project: the same marks as stock nbgrader's on honest work, and the damaged graded as well."""

import csv
import json
import shutil

import nbformat
import pytest
from compare_marks import NAMES, build, differences, hand_in, ours, stock
from grading_helpers import load_all

from autograde import assignment, course, pipeline
from autograde.intake import collect
from autograde.isolation import preload


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """The three courses as one, with nbgrader's own folders, released by nbgrader."""
    folder = tmp_path_factory.mktemp("three")
    build(NAMES, folder)
    return folder


def test_nbgraders_folders_and_notebooks_are_read(three):
    assert course.names(three) == ["lab", "loops", "rainfall"]
    assert [*load_all(three)] == ["lab/1 reading", "lab/2 kelvin", "loops", "rainfall"]
    tests = {cell.id: cell.judged for one in load_all(three).values() for cell in one.cells if cell.kind == "test"}
    assert len(tests) > 10 and not any(tests.values())
    assert "pass  # your code" in json.dumps([cell.released for cell in assignment.load("loops", three).cells])


def test_what_its_notebooks_import_is_known_beforehand(three):
    assert course.imports(["lab"], three) == ["csv", "numpy"]  # and not `units`, which lies beside them
    assert course.imports(["loops", "rainfall"], three) == ["math", "pandas"]


def test_a_module_that_starts_a_thread_is_named_and_one_that_is_not_there_is_no_trouble(monkeypatch):
    counts = iter([1, 1, 1, 2])
    monkeypatch.setattr(preload, "_threads", lambda: next(counts))
    assert preload._first_with_a_thread(["math", "no_such_module", "json", "csv"]) == "json"


def test_one_notebook_that_cannot_be_graded_refuses_its_assignment_and_stops_no_other(three, tmp_path):
    shutil.copytree(three / "source", tmp_path / "source")
    (tmp_path / "source" / "lab" / "3 broken.ipynb").write_text("{")
    said = []
    found = pipeline._assignments(pipeline.Settings(tmp_path, tmp_path, tmp_path), course.names(tmp_path), said.append)
    assert list(found) == ["loops", "rainfall"] and len(said) == 1 and "3 broken.ipynb" in said[0]


def test_a_notebook_that_is_not_there_is_named_with_those_that_are(three):
    with pytest.raises(assignment.AssignmentError, match="the notebooks of lab are: lab/1 reading, lab/2 kelvin"):
        assignment.load("lab", three)


# --- whose notebook is which --------------------------------------------------------------


def handed_in(three, tmp_path, files, only="lab", others=None):
    """``{student: {notebook: submission}}`` of files by path; contents are names of released notebooks, or bytes."""
    for path, content in {**files, **(others or {})}.items():
        place = tmp_path / "class" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else (three / "release" / content).read_bytes())
    found = collect(tmp_path / "class", load_all(three), only)
    students = {}
    for one in found.submissions:
        students.setdefault(one.student, {})[one.assignment] = one
    return students, found.unmatched


FIRST, SECOND = "lab/1 reading.ipynb", "lab/2 kelvin.ipynb"


@pytest.mark.parametrize(
    "first, second",
    [
        ("ada/lab/1 reading.ipynb", "ada/lab/2 kelvin.ipynb"), ("ada/lab/mine.ipynb", "ada/lab/other.ipynb"),
        ("ada/lab/2 kelvin.ipynb", "ada/lab/1 reading.ipynb"), ("ada_1_2_1 reading.ipynb", "ada_1_3_2 kelvin-1.ipynb"),
        ("Ada L_1_assignsubmission_file/1 reading (1).ipynb", "Ada L_1_assignsubmission_file/2 kelvin.ipynb"),
    ],
)  # fmt: skip
def test_each_file_is_the_notebook_that_its_cells_say(three, tmp_path, first, second):
    others = {"bob/lab/1 reading.ipynb": FIRST} if first.startswith("ada/") else {}
    students, unmatched = handed_in(three, tmp_path, {first: FIRST, second: SECOND}, others=others)
    mine = next(mine for student, mine in students.items() if student != "bob")
    assert {name: one.file.shown for name, one in mine.items()} == {"lab/1 reading": first, "lab/2 kelvin": second}
    assert unmatched == [] and all(one.problem is None for one in mine.values())


def test_a_notebook_that_was_not_handed_in_is_named_and_the_other_is_graded(three, tmp_path):
    students, unmatched = handed_in(three, tmp_path, {"ada/lab/2 kelvin.ipynb": SECOND, "ada/lab/mine.py": b"x = 1"})
    mine = students["ada"]
    assert mine["lab/2 kelvin"].problem is None and list(mine["lab/2 kelvin"].beside) == ["mine.py"]
    assert mine["lab/1 reading"].problem.startswith("1 reading.ipynb was not submitted, but: ada/lab/2 kelvin.ipynb")
    assert "Submit the file 1 reading.ipynb" in mine["lab/1 reading"].problem and unmatched == []


def test_a_notebook_of_none_of_them_lies_beside_both_and_a_broken_one_is_known_by_its_name(three, tmp_path):
    files = {"ada/lab/1 reading.ipynb": FIRST, "ada/lab/2 kelvin.ipynb": b"{", "ada/lab/notes.ipynb": b"{}"}
    mine = handed_in(three, tmp_path, files)[0]["ada"]
    assert mine["lab/2 kelvin"].file.shown == "ada/lab/2 kelvin.ipynb"
    assert all("notes.ipynb" in str(one.notes) for one in mine.values())


# --- graded -------------------------------------------------------------------------------


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
def test_marks_are_stock_nbgraders_and_the_damaged_are_graded_as_well(three):
    hand_in(three, 2)
    expected = stock(three, course.names(three)).marks
    answers = {"read": "def read(path):\n    return np.loadtxt(path, delimiter=',', skiprows=1, usecols=1)"}
    kelvin = (
        "import warnings\ndef mean_kelvin(celsius):\n    warnings.warn('hot')\n    return to_kelvin(np.mean(celsius))"
    )
    answers["mean_kelvin"] = kelvin
    for student in ("noisy", "half", "broken"):
        shutil.copytree(three / "release" / "lab", three / "submitted" / student / "lab")
        for name in ("1 reading.ipynb", "2 kelvin.ipynb"):
            path = three / "submitted" / student / "lab" / name
            notebook = nbformat.read(path, as_version=4)
            for cell_id, code in answers.items():
                for one in notebook.cells:
                    if one.metadata.get("nbgrader", {}).get("grade_id") == cell_id:
                        one.source = code
            nbformat.write(notebook, path)
    (three / "submitted" / "half" / "lab" / "1 reading.ipynb").unlink()
    (three / "submitted" / "broken" / "lab" / "2 kelvin.ipynb").write_bytes(b"{")
    (three / "submitted" / "noisy" / "lab" / "units.py").write_text("def to_kelvin(celsius):\n    return 0\n")
    mine = ours(three).marks
    assert len(expected) > 20 and len({*expected.values()}) > 4
    assert differences(expected, {key: mark for key, mark in mine.items() if key[0].startswith("student_")}) == []
    with open(three / "graded" / "marks.csv", encoding="utf-8-sig", newline="") as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream) if row["assignment"] == "lab"}
    # A warning costs points in stock nbgrader, and none here; what was given replaces a changed copy.
    assert rows["noisy"]["automatic"] == "9.0" and rows["noisy"]["2 kelvin: test_parts"] == "4.0"
    assert rows["half"]["status"] == "unreadable" and rows["half"]["automatic"] == "7.0"
    assert rows["half"]["reason"].startswith("1 reading: 1 reading.ipynb was not submitted")
    assert rows["broken"]["automatic"] == "2.0" and rows["broken"]["max_score"] == "11.0"
    for name in ("1 reading", "2 kelvin"):
        page = (three / "graded" / "feedback" / "noisy" / "lab" / f"{name}.html").read_text(encoding="utf-8")
        assert (
            f"lab/{name}: " in page and (three / "graded" / "autograded" / "noisy" / "lab" / f"{name}.ipynb").is_file()
        )
    report = (three / "graded" / "report.html").read_text(encoding="utf-8")
    assert "feedback/noisy/lab/2%20kelvin.html" in report
