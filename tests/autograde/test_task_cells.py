"""Questions, and tasks with a mark scheme: what a student sees of them, and whether they were edited."""

import copy

import nbformat
import pytest
from grading_helpers import as_bytes

from autograde import assignment, job
from autograde.feedback import page, questions

pytestmark = pytest.mark.usefixtures("no_processes")


def graded_cell(kind, grade_id, source, **flags):
    usual = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3, "points": 2}
    made = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
    made.metadata["nbgrader"] = usual | {"grade_id": grade_id} | flags
    made.id = grade_id
    return made


TASK = "Draw the first ten squares."
SCHEME = "### BEGIN MARK SCHEME\nOne point for labels.\n### END MARK SCHEME"


@pytest.fixture(scope="module")
def essay(tmp_path_factory):
    """An assignment of one test, one question, and one task with a mark scheme."""
    folder = tmp_path_factory.mktemp("essays")
    cells = [
        graded_cell("code", "test_one", "assert 1 + 1 == 2", grade=True, locked=True),
        nbformat.v4.new_markdown_cell("### Question\n\nWhy do the *squares* add up?"),
        graded_cell("markdown", "question_squares", "YOUR ANSWER HERE", grade=True, solution=True),
        graded_cell("markdown", "task_squares", f"{TASK}\n\n{SCHEME}", locked=True, task=True),
    ]
    (folder / "source" / "essay").mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "source" / "essay" / "essay.ipynb")
    return assignment.load("essay", folder), cells


def handed_in(cells, task):
    cells = copy.deepcopy(cells)
    cells[2].source, cells[3].source = "They do.", task
    return as_bytes(nbformat.v4.new_notebook(cells=cells))


@pytest.mark.parametrize("task, edited", [(TASK, False), (f"{TASK}\n\n", False), (f"{TASK}\nI did.", True)])
def test_a_task_with_a_mark_scheme_is_edited_only_where_a_student_changed_it(essay, task, edited):
    the, cells = essay
    result, notebook = job.grade(job.Job("ada", the, handed_in(cells, task), sandboxed=False))
    said = [text for _, text in result["notes"]]
    assert said == (["task_squares was edited; the original was used"] if edited else [])
    assert "One point for labels" in notebook and "One point for labels" not in page(
        result | {"name": "", "late": False}
    )


@pytest.mark.parametrize("data", [b"{", b""])
def test_the_page_of_a_file_that_cannot_be_read_asks_the_question_and_names_no_id(essay, data, tmp_path):
    the, _ = essay
    problem = None if data else "No notebook was submitted, but: essay.pdf. Submit the file essay.ipynb."
    result, notebook = job.grade(job.Job("ada", the, data, problem=problem, sandboxed=False))
    (tmp_path / "essay.ipynb").write_text(notebook)
    shown = page(result | {"name": "", "late": False}, None, questions(tmp_path / "essay.ipynb"))
    assert "<h3>not read: Why do the squares add up?</h3>" in shown and "question_squares" not in shown
    assert f"<h3>not read: {TASK}</h3>" in shown and "task_squares" not in shown and "One point" not in shown
    assert all(answer["points"] == 0 for answer in result["written"])  # nothing waits for a person
