"""An assignment as the grader needs it: its cells, with tests, without solutions."""

import ast
import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, ComputeChecksums
from nbgrader.utils import is_grade, is_locked, is_solution, is_task

from autograde.cells import Assignment, Cell, folder_of
from autograde.course import PROJECT, names, nbgrader_config, notebooks, source_folder
from autograde.testcell import NotATestCell, parse_test
from vaelab.checks.points import BY_ID


class AssignmentError(ValueError):
    """There is no such assignment, or it cannot be graded; the message says why."""


class NothingToGrade(AssignmentError):
    """No cell of this assignment can earn points."""


def _found(name: str, course: Path) -> tuple[str, Path]:
    """A notebook's full name, and what it is made from. Raises :class:`AssignmentError`."""
    folder = folder_of(name)
    mine = notebooks(folder, course)
    if not mine:
        others = ", ".join(names(course)) or "none"
        raise AssignmentError(f"there is no assignment {folder!r} in {source_folder(course)}; there are: {others}.")
    if name in mine:
        return name, mine[name]
    if name == folder and len(mine) == 1:
        return next(iter(mine.items()))
    raise AssignmentError(f"there is no notebook {name!r}; the notebooks of {folder} are: {', '.join(mine)}.")


def source_notebook(name: str, course: Path = PROJECT) -> nbformat.NotebookNode:
    """The notebook that nbgrader keeps as the source: stubs in, hidden tests in, checksums in.

    ``name`` is a notebook's (:mod:`autograde.course`); of an assignment with one notebook, the assignment's will do.
    """
    _, path = _found(name, course)
    config = nbgrader_config(course)
    try:
        notebook = jupytext.read(path)
        for step in (ClearSolutions, ClearOutput, ComputeChecksums):
            notebook, _ = step(config=config).preprocess(notebook, {})
    except KeyError as field:  # nbgrader's preprocessors look it up without asking
        why = "a graded cell does not have points" if field.args == ("points",) else f"a cell lacks the field {field}"
        raise AssignmentError(f"{path} cannot be released or graded: {why}") from None
    except (ValueError, RuntimeError, AttributeError) as error:  # no notebook, or regions that nbgrader cannot follow
        raise AssignmentError(f"{path} cannot be released or graded: {str(error)[:300]}") from None
    return notebook


def load(name: str, course: Path = PROJECT) -> Assignment:
    """A notebook of a course. Raises :class:`AssignmentError`. ``name`` as for :func:`source_notebook`."""
    name, _ = _found(name, course)
    source = source_notebook(name, course)
    released: Any = nbformat.from_dict(source)
    for step in (ClearHiddenTests, ClearMarkScheme):
        released, _ = step(config=nbgrader_config(course)).preprocess(released, {})
    cells, free, layout = [], [], []
    uses_checks = any("vaelab.checks" in cell.source for cell in source.cells if cell.cell_type == "code")
    ids = Counter(cell.metadata["nbgrader"]["grade_id"] for cell in source.cells if cell.metadata.get("nbgrader"))
    if twice := [one for one, count in ids.items() if count > 1]:
        raise AssignmentError(
            f"{name}: two cells have the id {twice[0]!r}: give each nbgrader cell a grade_id of its own."
        )
    for cell, given in zip(source.cells, released.cells):
        metadata = cell.metadata.get("nbgrader")
        if not metadata or not (is_grade(cell) or is_solution(cell) or is_locked(cell) or is_task(cell)):
            free.append(cell)
            layout.append((None, cell.cell_type, cell.source))
            continue
        layout.append((metadata["grade_id"], cell.cell_type, given.source))
        kind = _kind(cell)
        try:
            judged = kind != "test" or is_judged(cell.source, uses_checks)
        except NotATestCell as error:
            raise AssignmentError(f"{name}, cell {metadata['grade_id']}: {error}") from None
        cells.append(
            Cell(
                metadata["grade_id"],
                kind,
                cell.cell_type,
                cell.source,
                given.source,
                float(metadata.get("points", 0)) if kind in ("test", "written", "task") else 0.0,
                dict(metadata),
                judged,
            )
        )
    if not any(cell.points for cell in cells):
        raise NothingToGrade(f"{name} has no graded cell: nothing in it can earn points.")
    first = next((cell for cell in source.cells if cell.cell_type == "code"), None)
    imports = first.source if first is not None and first in free and _only_imports(first.source) else ""
    return Assignment(name, tuple(cells), imports, frozenset(cell.source for cell in free), tuple(layout))


def _kind(cell):
    """The kind of a cell with nbgrader's metadata, as :class:`autograde.cells.Cell` has it."""
    if is_solution(cell):
        return "written" if is_grade(cell) else "solution"
    if is_task(cell) or is_grade(cell) and cell.cell_type != "code":
        return "task"
    return "test" if is_grade(cell) else "locked"


def is_judged(source: str, uses_checks: bool) -> bool:
    """Whether a test cell is judged; else it is ordinary. ``uses_checks``: whether its notebook imports ``vaelab.checks``.

    Raises :class:`NotATestCell` for a cell that is neither: a check that does not exist, one among other code, no Python.
    """
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError as error:
        raise NotATestCell(
            f"a test cell is no Python ({error.msg}, line {error.lineno}): nobody could pass it."
        ) from None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if not uses_checks or not any(isinstance(call.func, ast.Name) and call.func.id == "check" for call in calls):
        return False
    for check_id, _ in parse_test(source):
        if check_id not in BY_ID:
            raise NotATestCell(f"no check is called {check_id!r}; vaelab/checks/points.py lists them.")
    return True


def _only_imports(source):
    with contextlib.suppress(SyntaxError):
        return all(isinstance(line, ast.Import | ast.ImportFrom) for line in ast.parse(source).body)
    return False


def of(assignment: str, course: Path = PROJECT) -> dict[str, Assignment]:
    """The notebooks of an assignment in which points can be earned, by name. Raises :class:`AssignmentError`.

    One notebook that cannot be graded spoils all: the sum of the others would be a wrong mark.
    """
    found = {}
    for name in notebooks(assignment, course) or [assignment]:
        with contextlib.suppress(NothingToGrade):
            found[name] = load(name, course)
    if not found:
        raise NothingToGrade(f"{assignment} has no graded cell: nothing in it can earn points.")
    return found
