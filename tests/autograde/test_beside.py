"""Helper modules and data lie beside a notebook while it runs; what the instructor gave wins, and no path leads out."""

import json

import nbformat
import pytest
from grading_helpers import COURSE, RIGHT, answered, as_bytes, mini, points

from autograde import beside, intake, job
from autograde.intake.files import File


def files(folder, **contents):
    for name, text in contents.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_files_of_an_assignment_are_those_that_nbgrader_releases(tmp_path):
    files(
        tmp_path,
        source__a__a_dot_ipynb="{}",
        source__a__data_dot_csv="1",
        source__a__sub__help_dot_py="x = 1",
        source__a__old_dot_pyc="z",
    )
    assert [path for path, _ in beside.of_assignment("a", tmp_path)] == ["data.csv", "sub/help.py"]
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.ignore = ['*.csv']\n")
    assert [path for path, _ in beside.of_assignment("a", tmp_path)] == ["old.pyc", "sub/help.py"]


def test_nothing_of_this_course_lies_beside_but_pictures():
    assert {path.rpartition(".")[2] for path, _ in beside.of_assignment("mini", COURSE)} <= {"png"}


def test_what_was_given_replaces_a_students_copy(tmp_path):
    files(tmp_path, data_dot_csv="mine", help_dot_py="x = 2")
    handed_in = {name: File(name, tmp_path) for name in ("data.csv", "help.py", "none.txt")}
    assert beside.together((("data.csv", b"given"),), handed_in) == (("data.csv", b"given"), ("help.py", b"x = 2"))


@pytest.mark.parametrize("path", ["../x.py", "/etc/x", "a//b", "a/./b", "", "a\nb", "x" * 300, "a\\b"])
def test_no_path_leads_out(tmp_path, path):
    files(tmp_path, x="1")
    assert beside.together((), {path: File("x", tmp_path)}) == ()


def test_what_is_too_large_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(beside, "MOST", 10)
    files(tmp_path, a="1234", b="12345", c="123456", d="x" * 11)
    assert [path for path, _ in beside.together((), {name: File(name, tmp_path) for name in "abcd"})] == ["a", "b"]


@pytest.mark.parametrize(
    "notebook, other, expected",
    [
        ("ann/mini/mini.ipynb", "ann/mini/helpers.py", "helpers.py"),
        ("ann/mini/mini.ipynb", "ann/mini/data/a.csv", "data/a.csv"),
        ("ann/mini/week/mini.ipynb", "ann/mini/helpers.py", "helpers.py"),
        ("lov_1_22_mini.ipynb", "lov_1_23_helpers.py", "helpers.py"),
        ("A_11_assignsubmission_file/x.ipynb", "A_11_assignsubmission_file/m/h.py", "m/h.py"),
    ],
)  # fmt: skip
def test_files_are_where_the_notebook_looks_for_them(tmp_path, notebook, other, expected):
    for path, data in ((notebook, as_bytes(answered())), (other, b"x"), ("zed/mini/mini.ipynb", as_bytes(answered()))):
        if path.startswith("zed") and "_" in notebook.split("/")[0]:
            continue
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    found = {s.student: s for s in intake.collect(tmp_path, {"mini": mini()}, "mini").submissions}
    (one,) = [s for s in found.values() if s.beside]
    assert list(one.beside) == [expected]


@pytest.mark.sandbox
def test_a_notebook_that_needs_a_module_and_data_is_graded():
    notebook = answered("return my_kl(z_mean, z_log_var)")
    notebook.cells.insert(
        1, nbformat.v4.new_code_cell("from tools.helpers import my_kl\nassert open('data.csv').read() == '1,2'")
    )
    helpers = f"from keras import ops\n\ndef my_kl(z_mean, z_log_var):\n    {RIGHT}\n"
    beside_it = (("data.csv", b"1,2"), ("tools/helpers.py", helpers.encode()))
    result, _ = job.grade(job.Job("ada", mini(), as_bytes(notebook), files=beside_it))
    assert set(points(result).values()) == {1.0, 3.0, 2.0}, json.dumps(result["checks"])
