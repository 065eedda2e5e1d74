"""An assignment as the grader needs it: its cells, with tests, without solutions."""

import ast
import contextlib
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ClearSolutions, ComputeChecksums
from nbgrader.utils import is_grade, is_locked, is_solution, is_task
from traitlets.config import Config, PyFileConfigLoader

from autograde.cells import Assignment, Cell
from autograde.testcell import NotATestCell, parse_test
from vaelab.checks.points import BY_ID

PROJECT = Path(__file__).resolve().parent.parent


class AssignmentError(ValueError):
    """There is no such assignment, or it cannot be graded; the message says why."""


class NothingToGrade(AssignmentError):
    """No cell of this assignment can earn points."""


def nbgrader_config(course=PROJECT):
    """The course's nbgrader configuration; an empty one where there is none."""
    for path in (Path(course) / "autograde" / "nbgrader_config.py", Path(course) / "nbgrader_config.py"):
        if path.is_file():
            return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    return Config()


def source_folder(course=PROJECT):
    """Where a course keeps its assignments: what its configuration says, else nbgrader's ``source`` or this course's ``solutions``."""
    given = nbgrader_config(course).CourseDirectory.get("source_directory")
    folders = [given] if given else ["source", "solutions"]
    return next((Path(course) / name for name in folders if (Path(course) / name).is_dir()), Path(course) / folders[0])


def names(course=PROJECT):
    """Names of all assignments of a course, in order: folders with a notebook, or with a script of their name."""
    return sorted(path.name for path in source_folder(course).glob("*/") if _sources(path))


def _sources(folder):
    """The notebooks of an assignment, each as the script or the file that it is made from, by name."""
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith(".")}
    script = folder / f"{folder.name}.py"
    return found | {folder.name: script} if script.is_file() else found


def source_notebook(name, course=PROJECT):
    """The notebook that nbgrader keeps as the source: stubs in, hidden tests in, checksums in.

    Read from the percent script ``NAME/NAME.py`` in the course's source folder or, without one, from the notebook there.
    """
    folder = source_folder(course) / name
    paths = list(_sources(folder).values())
    if not paths:
        raise AssignmentError(
            f"there is no assignment {name!r} in {folder.parent}; there are: {', '.join(names(course)) or 'none'}."
        )
    if len(paths) > 1:
        shown = ", ".join(path.name for path in paths)
        raise AssignmentError(
            f"{name} has {len(paths)} notebooks ({shown}); this grader takes one for each assignment."
        )
    config = nbgrader_config(course)
    try:
        notebook = jupytext.read(paths[0])
        for step in (ClearSolutions, ClearOutput, ComputeChecksums):
            notebook, _ = step(config=config).preprocess(notebook, {})
    except KeyError as field:  # nbgrader's preprocessors look it up without asking
        why = "a graded cell does not have points" if field.args == ("points",) else f"a cell lacks the field {field}"
        raise AssignmentError(f"{paths[0]} cannot be released or graded: {why}") from None
    except (ValueError, RuntimeError, AttributeError) as error:  # no notebook, or regions that nbgrader cannot follow
        raise AssignmentError(f"{paths[0]} cannot be released or graded: {str(error)[:300]}") from None
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
    imports = first.source if first in free and _only_imports(first.source) else ""
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


def load_all(course=PROJECT):
    """``{name: Assignment}`` of every assignment of a course in which points can be earned."""
    found = {}
    for name in names(course):
        with contextlib.suppress(NothingToGrade):
            found[name] = load(name, course)
    return found
