"""Where a course keeps what: its configuration, assignments and their notebooks, as nbgrader lays them out.

An assignment is a folder with one notebook or several. A *notebook's name* here is the assignment's, where the notebook is
called as its folder is, as in most courses, else both: ``02_vae`` (``02_vae/02_vae.ipynb``), ``ps1/week 1`` (``ps1/week 1.ipynb``).
"""

import ast
import contextlib
from collections.abc import Sequence
from pathlib import Path

import jupytext
from IPython.core.inputtransformer2 import TransformerManager
from traitlets.config import Config, PyFileConfigLoader

PROJECT = Path(__file__).resolve().parent.parent


def nbgrader_config(course: Path = PROJECT) -> Config:
    """The course's nbgrader configuration; an empty one where there is none."""
    for path in (Path(course) / "autograde" / "nbgrader_config.py", Path(course) / "nbgrader_config.py"):
        if path.is_file():
            return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    return Config()


def cell_limit(course: Path = PROJECT) -> float | None:
    """Seconds that the course's configuration gives one cell; None where it says nothing, or no limit."""
    config = nbgrader_config(course)
    given = config.Execute.get("timeout", config.ExecutePreprocessor.get("timeout"))
    return float(given) if isinstance(given, int | float) and given > 0 else None


def _folder(course: Path, trait: str, *usual: str) -> Path:
    """What the configuration says of a folder, else the first of the ``usual`` ones that is there."""
    given = nbgrader_config(course).CourseDirectory.get(trait)
    folders = [given] if given else usual
    return next((Path(course) / name for name in folders if (Path(course) / name).is_dir()), Path(course) / folders[0])


def source_folder(course: Path = PROJECT) -> Path:
    """Where a course keeps its assignments: what its configuration says, else nbgrader's ``source`` or this course's ``solutions``."""
    return _folder(course, "source_directory", "source", "solutions")


def names(course: Path = PROJECT) -> list[str]:
    """Names of all assignments of a course, in order: folders with a notebook, or with a script of their name."""
    return sorted(path.name for path in source_folder(course).glob("*/") if notebooks(path.name, course))


def notebooks(assignment: str, course: Path = PROJECT) -> dict[str, Path]:
    """The notebooks of an assignment by their names, in order, each as the script or the file that it is made from."""
    folder = source_folder(course) / assignment
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith(".")}
    script = folder / f"{assignment}.py"
    if script.is_file() and "# %%" in script.read_text(encoding="utf-8", errors="replace"):
        found[assignment] = script
    return {assignment if stem == assignment else f"{assignment}/{stem}": path for stem, path in sorted(found.items())}


def pictures(assignment: str, course: Path = PROJECT) -> list[Path]:
    """The picture files that students have beside the notebook, and that its text shows."""
    folders = (_folder(course, "release_directory", "release", "course"), source_folder(course))
    folder = next((folder / assignment for folder in folders if (folder / assignment).is_dir()), Path())
    return sorted(path for path in folder.glob("*") if path.suffix in (".png", ".jpg", ".svg", ".gif"))


def imports(assignments: Sequence[str], course: Path = PROJECT) -> list[str]:
    """The modules that the notebooks of these assignments import, without those that lie beside a notebook."""
    found: set[str] = set()
    for assignment in assignments:
        beside = {path.stem for path in (source_folder(course) / assignment).iterdir()}
        for path in notebooks(assignment, course).values():
            with contextlib.suppress(ValueError, AttributeError):  # it is refused, with the reason, where it is graded
                for cell in jupytext.read(path).cells:
                    if cell.cell_type == "code":
                        found |= {name for name in _imported(cell.source) if name.partition(".")[0] not in beside}
    return sorted(found)


def _imported(source: str) -> set[str]:
    with contextlib.suppress(SyntaxError):
        nodes = list(ast.walk(ast.parse(TransformerManager().transform_cell(source))))
        plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        return plain | {
            node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level
        }
    return set()
