"""What every notebook of the course promises: its text, its figures, its points, and how it grades."""

import ast
import re
import shutil
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import release
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory

from autograde import assignment as assignments
from autograde import job
from vaelab.checks import points

PROJECT = Path(__file__).resolve().parent.parent
ASSIGNMENTS = release.assignments()
MAX_BYTES = 1_500_000
MAX_CODE_LINES = 15
MAX_TEXT_WORDS = 200


def notebook(folder, assignment):
    return nbformat.read(PROJECT / folder / assignment / f"{assignment}.ipynb", as_version=4)


def solution(assignment):
    return notebook("solutions", assignment)


def graded(assignment):
    """The cells that earn points."""
    script = release.read_source(PROJECT / "solutions" / assignment / f"{assignment}.py")
    return [cell for cell in script.cells if cell.metadata.get("nbgrader", {}).get("grade")]


GRADED = [name for name in ASSIGNMENTS if graded(name)]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_plain(cell):
    """Whether a code cell is neither an exercise nor a test."""
    return cell.cell_type == "code" and "nbgrader" not in cell.metadata


# Points


@pytest.mark.parametrize("assignment", GRADED)
def test_test_cells_are_the_checks_of_the_assignment_with_their_points(assignment):
    tests = [cell for cell in graded(assignment) if cell.cell_type == "code"]
    cells = [(cell.id, cell.metadata.nbgrader.points, "HIDDEN TESTS" in cell.source) for cell in tests]
    assert cells == [(points.grade_id(check.id), check.points, check.hidden) for check in points.of(assignment)]
    for check, cell in zip(points.of(assignment), tests):
        assert f'check("{check.id}", ' in cell.source


@pytest.mark.parametrize("assignment", GRADED)
def test_points_in_the_text_equal_points_in_the_metadata(assignment):
    """A heading '… — 10 points' announces the cells up to the next one; a test's comment its own."""
    announced, found = [], []
    for cell in solution(assignment).cells:
        if heading := re.search(r"^#+ .* — (\d+) points?$", cell.source, flags=re.MULTILINE):
            announced.append(int(heading[1]))
            found.append(0)
        if cell.metadata.get("nbgrader", {}).get("grade"):
            found[-1] += cell.metadata.nbgrader.points
            if cell.cell_type == "code":
                number = cell.metadata.nbgrader.points
                assert f"({number} point{'s' if number != 1 else ''})" in cell.source
    assert announced == found


@pytest.mark.parametrize("assignment", GRADED)
def test_the_opening_cell_announces_all_points(assignment):
    opening = solution(assignment).cells[0].source.replace("\n", " ")
    code = sum(cell.metadata.nbgrader.points for cell in graded(assignment) if cell.cell_type == "code")
    written = sum(cell.metadata.nbgrader.points for cell in graded(assignment) if cell.cell_type == "markdown")
    numbers = re.search(r"(\d+) points for code(?:, (\d+) for )?", opening)
    assert (int(numbers[1]), int(numbers[2] or 0)) == (code, written)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_table_of_contents_links_to_the_notebook_and_says_its_points(assignment):
    contents = (PROJECT / "course" / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^.*\({assignment}/{assignment}\.ipynb\).*\| (.*) \|$", contents, flags=re.MULTILINE)
    by_type = Counter()
    for cell in graded(assignment):
        by_type[cell.cell_type] += cell.metadata.nbgrader.points
    assert row[1] == (" + ".join(str(by_type[kind]) for kind in ("code", "markdown") if by_type[kind]) or "–")


# What a reader sees


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_committed_solution_was_run_from_top_to_bottom_without_errors(assignment):
    executed = [cell for cell in code_cells(solution(assignment)) if cell.source.strip()]
    assert [cell.execution_count for cell in executed] == list(range(1, len(executed) + 1))
    for cell in executed:
        assert not [
            output for output in cell.outputs if output.output_type == "error" or output.get("name") == "stderr"
        ]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_committed_solution_shows_figures_and_stays_small(assignment):
    path = PROJECT / "solutions" / assignment / f"{assignment}.ipynb"
    assert path.stat().st_size < MAX_BYTES
    assert any(figures(cell) for cell in code_cells(solution(assignment)))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_picture_has_an_alternative_text(assignment):
    for cell in code_cells(solution(assignment)):
        # A bare image output has no place for one that nbconvert would keep.
        assert not any("image/png" in output.get("data", {}) for output in cell.outputs), cell.id
        for image in figures(cell):
            assert re.search(r'\balt="[^"]{15,}"', image), cell.id
    for cell in solution(assignment).cells:
        if cell.cell_type == "markdown":
            assert "![](" not in cell.source, cell.id
            assert all("alt=" in image for image in re.findall(r"<img[^>]*>", cell.source)), cell.id


def figures(cell):
    """The <img> elements that a code cell displays."""
    html = ["".join(output.get("data", {}).get("text/html", "")) for output in cell.outputs]
    return re.findall(r"<img[^>]*>", "".join(html))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_figure_is_followed_by_words(assignment):
    cells = solution(assignment).cells
    for cell, following in zip(cells, cells[1:] + [None]):
        if cell.cell_type == "code" and figures(cell):
            assert following is not None and following.cell_type == "markdown", cell.id


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_code_cells_are_short_and_have_a_reason_before_them(assignment):
    cells = solution(assignment).cells
    for before, cell in zip(cells, cells[1:]):
        if is_plain(cell):
            lines = [line for line in cell.source.splitlines() if line and not line.startswith(("import ", "from "))]
            assert len(lines) <= MAX_CODE_LINES or is_definition(cell), cell.id
            assert before.cell_type == "markdown", cell.id


def is_definition(cell):
    """Whether a cell only defines a function or a class: shown once, then imported."""
    return all(
        isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom) for node in parse(cell).body
    )


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_text_cells_are_short(assignment):
    for cell in solution(assignment).cells:
        if cell.cell_type == "markdown" and "nbgrader" not in cell.metadata:
            prose = re.sub(
                r"<details>.*?</details>|^\|.*$|\$\$.*?\$\$", "", cell.source, flags=re.DOTALL | re.MULTILINE
            )
            assert len(prose.split()) <= MAX_TEXT_WORDS, cell.id


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_notebook_closes_with_what_we_have_seen(assignment):
    headings = [line for cell in solution(assignment).cells if cell.cell_type == "markdown"
                for line in cell.source.splitlines() if line.startswith("## ")]  # fmt: skip
    assert headings[-1] == "## What we have seen"


# Grading: a solution by nbgrader itself, a released notebook by this grader, which gives the same marks and is faster

# What TensorFlow prints at its own pleasure: nbgrader gives 0 for it in a test cell.
CHATTER = """
import os as _os, sys as _sys, warnings as _warnings
def _chatter(function):
    def noisy(*args, **kwargs):
        _os.write(2, b"I0000 cuda_executor.cc:1228] INTERNAL: CUDA Runtime error\\n")
        print("a warning", file=_sys.stderr)
        _warnings.warn("retracing")
        return function(*args, **kwargs)
    return noisy
{name} = _chatter({name})
"""


def about_grading(assignment):
    """What marks of an assignment depend on."""
    folders = ("vaelab", "tools", "autograde", f"solutions/{assignment}", f"course/{assignment}")
    return [PROJECT / name for name in folders]


def stock_graded(assignment, project):
    """The points that `nbgrader autograde` gives the solution where TensorFlow chatters, and the notebook that it ran."""
    shutil.copytree(PROJECT / "solutions" / assignment, project / "solutions" / assignment)
    release.generate(assignment, project)
    solved = solution(assignment)
    for cell in solved.cells:
        if cell.id in exercises(assignment):
            cell.source += CHATTER.format(name=cell.id)
    config = release.nbgrader_config(project)
    folder = project / "workspace/submitted/ada" / assignment
    folder.mkdir(parents=True)
    nbformat.write(solved, folder / f"{assignment}.ipynb")
    Autograde(coursedir=CourseDirectory(config=config, assignment_id=assignment), config=config).start()
    ran = project / "workspace/autograded/ada" / assignment / f"{assignment}.ipynb"
    with Gradebook(config.CourseDirectory.db_url, "vae") as gradebook:
        return gradebook.find_submission(assignment, "ada").score, nbformat.read(ran, as_version=4)


def exercises(assignment):
    """Ids of the code cells that students fill in."""
    return {cell.id for cell in code_cells(solution(assignment)) if cell.metadata.get("nbgrader", {}).get("solution")}


def failures(notebook):
    return {cell.id: output.ename for cell in code_cells(notebook) for output in cell.outputs
            if output.output_type == "error"}  # fmt: skip


@pytest.mark.kernel
@pytest.mark.proof(about=about_grading)
@pytest.mark.parametrize("assignment", GRADED)
def test_stock_nbgrader_gives_a_solution_every_automatic_point(assignment, project_copy):
    score, ran = stock_graded(assignment, project_copy)
    assert score == sum(check.points for check in points.of(assignment))
    assert failures(ran) == {}


@pytest.mark.sandbox
@pytest.mark.proof(about=about_grading)
@pytest.mark.parametrize("assignment", GRADED)
def test_a_released_notebook_earns_nothing_and_only_what_depends_on_its_stubs_fails(assignment):
    submitted = (PROJECT / "course" / assignment / f"{assignment}.ipynb").read_bytes()
    result, text = job.grade(job.Job("ada", assignments.load(assignment), submitted))
    assert result["score"] == 0 and result["status"] == "graded"
    assert "is not written yet" in result["checks"][0]["verdicts"][-1]["message"]
    ran = nbformat.reads(text, as_version=4)
    assert set(failures(ran)) <= dependents(ran, exercises(assignment))


def dependents(notebook, names):
    """Ids of the cells that use one of `names`, or something that such a cell defines."""
    tainted, ids = set(names), set()
    for cell in code_cells(notebook):
        nodes = [node for node in ast.walk(parse(cell)) if isinstance(node, ast.Name)]
        if cell.id not in names and tainted & {node.id for node in nodes if isinstance(node.ctx, ast.Load)}:
            ids.add(cell.id)
            tainted |= {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
            tainted |= {node.name for node in parse(cell).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return ids


def parse(cell):
    """The syntax tree of a code cell, without IPython's magics."""
    return ast.parse("\n".join(line for line in cell.source.splitlines() if not line.startswith(("%", "!"))))
