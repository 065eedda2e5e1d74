"""An assignment as the grader needs it: its cells, with tests, without solutions."""

import ast
import contextlib
from pathlib import Path

import jupytext
import nbformat
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions, ComputeChecksums
from nbgrader.utils import is_grade, is_locked, is_solution
from traitlets.config import Config, PyFileConfigLoader

from autograde.cells import Assignment, Cell
from autograde.testcell import parse_test

PROJECT = Path(__file__).resolve().parent.parent


class AssignmentError(ValueError):
    """There is no such assignment, or it cannot be graded; the message says why."""


class NothingToGrade(AssignmentError):
    """No cell of this assignment can earn points."""


def nbgrader_config(course=PROJECT):
    """The course's nbgrader configuration; an empty one where there is none."""
    path = Path(course) / "autograde" / "nbgrader_config.py"
    return PyFileConfigLoader(path.name, path=str(path.parent)).load_config() if path.is_file() else Config()


def names(course=PROJECT):
    """Names of all assignments of a course, in order."""
    folder = Path(course) / "solutions"
    return sorted({p.stem for p in folder.glob("*/*") if p.suffix in (".py", ".ipynb") and p.stem == p.parent.name})


def source_notebook(name, course=PROJECT):
    """The notebook that nbgrader keeps as the source: stubs in, hidden tests in, checksums in.

    Read from the percent script ``solutions/NAME/NAME.py`` or, without one, from the
    notebook beside it.
    """
    folder = Path(course) / "solutions" / name
    for path in (folder / f"{name}.py", folder / f"{name}.ipynb"):
        if path.is_file():
            notebook = jupytext.read(path)
            break
    else:
        raise AssignmentError(
            f"there is no assignment {name!r} in {folder.parent}; there are: {', '.join(names(course)) or 'none'}."
        )
    config = nbgrader_config(course)
    for step in (ClearSolutions, ClearOutput, ComputeChecksums):
        notebook, _ = step(config=config).preprocess(notebook, {})
    return notebook


def pictures(name, course=PROJECT):
    """The picture files that students have beside the notebook, and that its text shows."""
    folder = Path(course) / "course" / name
    return sorted(path for path in folder.glob("*") if path.suffix in (".png", ".jpg", ".svg"))


def load(name, course=PROJECT):
    """The :class:`Assignment` of a course. Raises :class:`AssignmentError`."""
    source = source_notebook(name, course)
    released, _ = ClearHiddenTests(config=nbgrader_config(course)).preprocess(nbformat.from_dict(source), {})
    cells, free, layout = [], [], []
    for cell, given in zip(source.cells, released.cells):
        metadata = cell.metadata.get("nbgrader")
        if not metadata or not (is_grade(cell) or is_solution(cell) or is_locked(cell)):
            free.append(cell)
            layout.append((None, cell.cell_type, cell.source))
            continue
        layout.append((metadata["grade_id"], cell.cell_type, given.source))
        if is_solution(cell):
            kind = "written" if is_grade(cell) else "solution"
        else:
            kind = "test" if is_grade(cell) else "locked"
        if kind == "test":
            try:
                parse_test(cell.source)
            except (SyntaxError, ValueError) as error:
                raise AssignmentError(f"{name}, cell {metadata['grade_id']}: {error}") from None
        cells.append(
            Cell(
                metadata["grade_id"],
                kind,
                cell.cell_type,
                cell.source,
                given.source,
                float(metadata.get("points", 0)) if is_grade(cell) else 0.0,
                dict(metadata),
            )
        )
    if not any(cell.points for cell in cells):
        raise NothingToGrade(f"{name} has no graded cell: nothing in it can earn points.")
    first = next((cell for cell in source.cells if cell.cell_type == "code"), None)
    imports = first.source if first in free and _only_imports(first.source) else ""
    return Assignment(name, tuple(cells), imports, frozenset(cell.source for cell in free), tuple(layout))


def _only_imports(source):
    with contextlib.suppress(SyntaxError):
        return all(isinstance(line, ast.Import | ast.ImportFrom) for line in ast.parse(source).body)
    return False


def load_all(course=PROJECT):
    """``{name: Assignment}`` of every assignment of a course in which points can be earned."""
    found = {}
    for name in names(course):
        with contextlib.suppress(NothingToGrade):
            found[name] = load(name, course)
    return found
