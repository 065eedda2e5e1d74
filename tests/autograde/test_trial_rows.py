"""The two realistic classes of an instructor's trial, and what instructors complained of in public: each with its mark and a true reason.

Intake, restoring, the judge's loop, points and pages are the grader's own. Only the kernel is not: cells run in an IPython shell of this
process, since all of this code is harmless, and no sandbox changes what it is worth.
"""

import copy
import io
import json
import zipfile

import nbformat
import pytest
from asserts import NORM, SQUARES, answered, asserts
from grading_helpers import answered as mini_answered
from grading_helpers import as_bytes, cell, mini
from plain_kernel import ENDLESS

from autograde import intake, job
from autograde.feedback import page

pytestmark = pytest.mark.usefixtures("no_processes")

FIRST_ONLY = f"{SQUARES}[:1]"
ANSWER = "Parce que ça s’additionne."


def book(squares=SQUARES, norm=NORM, why=ANSWER, extra=(), **metadata):
    notebook = answered(squares, norm, extra)
    if why:
        cell(notebook, "why").source = why
    notebook.metadata.update(metadata)
    return notebook


def own(code):
    return nbformat.v4.new_code_cell(code)


def inserted(notebook, before, *cells):
    at = notebook.cells.index(cell(notebook, before)) if before else len(notebook.cells)
    notebook.cells[at:at] = cells
    return notebook


def without_ids(notebook, minor):
    notebook.nbformat_minor = minor
    for one in notebook.cells:
        one.pop("id", None)
    return notebook


def colab(notebook):
    """What Colab saves: format 4.0, a graphics card, cells that work there alone."""
    notebook.metadata.update(accelerator="GPU", colab={"provenance": [], "gpuType": "T4"})
    for one in notebook.cells:
        one.metadata["id"], one.metadata["outputId"] = "Xy3", "b1d"
    there = own("!echo pip install keras\nfrom google.colab import drive\ndrive.mount('/content/drive')")
    notebook.cells.insert(0, there)
    return without_ids(notebook, 0)


def the_tests(notebook):
    return [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("test_")]


def without_tests(notebook):
    notebook.cells = [one for one in notebook.cells if one not in the_tests(notebook)]
    return notebook


def of_last_year(notebook):
    for one in the_tests(notebook):
        one.metadata["nbgrader"]["grade_id"] = one.id = f"cell-2025-{one.id}"
        one.source += "  # as it was"
    return notebook


def without_names(notebook):
    for i, one in enumerate(notebook.cells):
        one.metadata, one.id = {}, f"new-{i}"
    return notebook


def emptied(notebook):
    for one in the_tests(notebook):
        one.source = ""
    return notebook


def split(notebook):
    """One answer in two cells, both of which say that they are the exercise's."""
    solution = cell(notebook, "squares")
    second = copy.deepcopy(solution)
    second.id = "another"
    solution.source = "def square(i):\n    return i * i"
    second.source = SQUARES.replace("i * i", "square(i)")
    notebook.cells.insert(notebook.cells.index(solution) + 1, second)
    return notebook


def of_other_types(notebook):
    """An answer in words as code."""
    data = json.loads(as_bytes(notebook))
    for one in data["cells"]:
        name = one["metadata"].get("nbgrader", {}).get("grade_id")
        if name in ("squares", "norm"):
            one["cell_type"] = "raw" if name == "squares" else "markdown"
            one.pop("outputs"), one.pop("execution_count")
        if name == "why":
            one.update(cell_type="code", outputs=[], execution_count=None)
    return data


def beside_the_question(notebook):
    answer = nbformat.v4.new_markdown_cell("They add up.")
    return inserted(notebook, "why", answer)


def zipped(contents):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return stream.getvalue()


def widgets():
    state = {"state": {"a1": {"model_name": "IntSliderModel", "state": {"value": 3}}}, "version_major": 2}
    notebook = inserted(book(squares=None), "test_squares", own(SQUARES))
    notebook.metadata.update(widgets={"application/vnd.jupyter.widget-state+json": state})
    notebook.metadata.pop("language_info", None)
    return as_bytes(notebook)


RIGHT, WRONG = as_bytes(book()), as_bytes(book(FIRST_ONLY))
MINI = as_bytes(mini_answered())
CP1252 = json.dumps(book(), ensure_ascii=False).encode("windows-1252")
MISSING_PACKAGE = f"import no_such_package\n\n{SQUARES}"
UPLOADED = "handed in as"

#: By the name of the folder, without Moodle's own part: files, points of 6, what is said, and what is not.
MOODLE = {
    "M1": ({"file/asserts.ipynb": RIGHT, "onlinetext/onlinetext.html": b"<p>See the file."}, 6, "onlinetext.html", "unreadable"),
    "M2": ({"file/my homework final.ipynb": as_bytes(colab(book(FIRST_ONLY)))}, 4, "the squares of 1, 2 and 3", "tampering"),
    "M3": ({"file/submission.zip": zipped({"asserts.ipynb": RIGHT})}, 6, UPLOADED, "unreadable"),
    "M4": ({"file/asserts.html": b"<html>", "file/asserts (1).ipynb": WRONG}, 4, "asserts.html", "unreadable"),
    "M5": ({"file/asserts.ipynb": as_bytes(without_ids(book(), 2)), "file/.DS_Store": b"x", "file/__MACOSX/._asserts.ipynb": b"x",
            "file/.ipynb_checkpoints/asserts-checkpoint.ipynb": WRONG}, 6, None, "checkpoint"),
    "M6": ({"file/asserts.ipynb": b"\xef\xbb\xbf" + RIGHT}, 6, None, "encoding"),
    "M7": ({"file/asserts.ipynb": CP1252}, 6, "windows-1252", "damaged"),
    "M8": ({"file/asserts.ipynb": as_bytes(without_tests(book(FIRST_ONLY)))}, 4, "test_squares, test_refuses and test_norm were missing, and put back", "tampering"),
    "M9": ({"file/asserts.ipynb": as_bytes(of_last_year(book()))}, 6, "made from another version of this assignment", "tampering"),
    "M10": ({"file/asserts.ipynb": RIGHT, "file/mini.ipynb": MINI}, 6, "asserts.ipynb was graded, and not M10_1010_assignsubmission_file/mini.ipynb", "tampering"),
    "M11": ({"file/asserts.ipynb": widgets()}, 6, None, "not written yet"),
    "M12": ({"file/asserts.ipynb": as_bytes(beside_the_question(book(FIRST_ONLY, why=None)))}, 4, "there is text beside it, which a person will read", "not answered"),
    "M13": ({"onlinetext/onlinetext.html": b"<p>My answer."}, 0, "No notebook was submitted, but: M13_1013_assignsubmission_onlinetext/onlinetext.html. Submit the file asserts.ipynb", "not answered"),
    "M14": ({"file/asserts.ipynb": as_bytes(answered())}, 0, "not answered", "to be read: why"),
    "Group A": ({"file/asserts.ipynb": RIGHT}, 6, None, "unreadable"),
    # Names: blind marking, German, underscores, ending in capitals.
    "Participant 1016": ({"file/asserts.ipynb": RIGHT}, 6, None, "unreadable"),
    "Teilnehmerin 1017": ({"file/asserts.ipynb": RIGHT}, 6, None, "unreadable"),
    "de_la_Cruz Ana": ({"file/asserts.ipynb": RIGHT}, 6, None, "unreadable"),
    "Capitals": ({"file/ASSERTS.IPYNB": RIGHT}, 6, None, "unreadable"),
}  # fmt: skip

#: The same by the names in Canvas's download.
CANVAS = {
    "20001_901_asserts.ipynb": ({"": RIGHT}, 6, None, "unreadable"),
    "LATE_20002_902_asserts-1.ipynb": ({"": as_bytes(colab(book(FIRST_ONLY)))}, 4, ", late", "tampering"),
    "20003_903_asserts.ipynb": ({"": WRONG, "20003_923_asserts.html": b"<html>"}, 4, "_20003_923_asserts.html", "unreadable"),
    "20004_904_work.zip": ({"": zipped({"mini.ipynb": MINI, "asserts.ipynb": RIGHT})}, 6, "work.zip/asserts.ipynb was graded", "unreadable"),
    "20005_905_asserts.ipynb": ({"": as_bytes(split(book()))}, 6, "squares was there 2 times", "tampering"),
    "20006_906_asserts.ipynb": ({"": as_bytes(inserted(book(squares=None), None, own(SQUARES)))}, 3, "squares is defined below its tests only", "is not written yet"),
    "20007_907_asserts.ipynb": ({"": as_bytes(book("def squares(n)\n    return 1"))}, 3, "NameError: name 'squares' is not defined", "not written yet"),
    "LATE_20008_908_asserts-2.ipynb": ({"": as_bytes(book(MISSING_PACKAGE))}, 3, "NameError: name 'squares' is not defined", "not written yet"),
    "20009_909_asserts.ipynb": ({"": as_bytes(inserted(book(), None, own(ENDLESS)))}, 6, "stopped at cell “for epoch in range(5000):”: it ran for more than 150 s", "unreadable"),
    "20010_910_asserts.ipynb": ({"": as_bytes(emptied(book("def squares(n):\n    return None", "def norm(v):\n    return None")))}, 0, "test_squares and test_norm were edited", "put back"),
    "20011_911_asserts.ipynb": ({"": MINI}, 0, "This is mini, handed in for asserts. Submit the file asserts.ipynb", "JupyterLab"),
    "20012_912_asserts.ipynb": ({"": as_bytes(without_names(book()))}, 6, "known by the text", "unreadable"),
    "20013_913_asserts-11-22-final.ipynb": ({"": WRONG}, 4, "the squares of 1, 2 and 3", "tampering"),
    # Public complaints: cells of other types (TU Wien), names in capitals, what works at home only.
    "20014_914_asserts.ipynb": ({"": json.dumps(of_other_types(book())).encode()}, 6, None, "tampering"),
    "20015_915_asserts.ipynb": ({"": as_bytes(book(extra=["name = input('Your name? ')", "1 / 0", "import sys\nprint('x', file=sys.stderr)"]))}, 6, None, "Traceback"),
}  # fmt: skip


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """What intake makes of both downloads, by system and number."""
    folder = tmp_path_factory.mktemp("classes")
    moodle = {
        f"{name}_{1001 + i}_assignsubmission_{path}": data
        for i, (name, (files, *_)) in enumerate(MOODLE.items())
        for path, data in files.items()
    }
    canvas = {
        f"student{i}_{path or name}": data
        for i, (name, (files, *_)) in enumerate(CANVAS.items())
        for path, data in files.items()
    }
    found = {}
    for system, files in (("moodle", moodle), ("canvas", canvas)):
        (folder / f"{system}.zip").write_bytes(zipped(files))
        collected = intake.collect(folder / f"{system}.zip", {"asserts": asserts(), "mini": mini()}, "asserts")
        assert collected.unmatched == []
        found |= {(system, one.student): one for one in collected.submissions}
    assert len(found) == len(MOODLE) + len(CANVAS)
    return found


ROWS = [("moodle", str(1001 + i), *row[1:]) for i, row in enumerate(MOODLE.values())]
ROWS += [("canvas", name.removeprefix("LATE_").split("_")[0], *row[1:]) for name, row in CANVAS.items()]


@pytest.mark.parametrize("system, student, points, said, unsaid", ROWS, ids=[*MOODLE, *CANVAS])
def test_each_submission_gets_its_mark_and_a_true_reason(classes, system, student, points, said, unsaid):
    one = classes[system, student]
    result, notebook = job.grade(job.Job(student, asserts(), one.read(), problem=one.problem, sandboxed=False))
    result |= {"name": one.name, "late": one.late, "notes": [*map(list, one.notes), *result["notes"]]}
    nbformat.validate(nbformat.reads(notebook, as_version=4))
    shown = page(result)
    everything = f"{json.dumps(result, ensure_ascii=False)} {shown}"
    assert result["score"] == points, everything
    assert said is None or said in everything
    assert unsaid not in everything
    assert result["status"] == (
        "unreadable" if one.problem else "stopped" if "20009" in student else "graded"
    ) and bool(result["reason"]) == (result["status"] != "graded")
    assert "4711" not in shown and "xyzzy" not in shown  # of hidden tests
    assert (one.problem is not None) is ("to be read" not in shown)
