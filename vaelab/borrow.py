"""Take a function from an earlier notebook: what a student wrote there, used here."""

import ast
import json
import linecache
import symtable
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTEBOOKS = Path("..")
SOLUTIONS = Path("../../solutions")


def borrow(assignment: str, name: str) -> Callable:
    """The function ``name`` as the earlier notebook ``assignment`` defines it.

    Looks in the notebook next door (``../02_vae/02_vae.ipynb``), then, if the exercise
    there is not done, in the course's solutions where they are at hand, and prints which
    of them it took.

    Parameters
    ----------
    assignment : str
        Such as ``"02_vae"``.
    name : str
        A function that the assignment asks for, such as ``"make_vae"``.

    Returns
    -------
    callable
        If there is no finished one anywhere, a function that raises NotImplementedError
        with what to do.
    """
    reasons = []
    for folder, whose in ((NOTEBOOKS, "your notebook"), (SOLUTIONS, "the course's solutions, since yours is not done")):
        path = folder / assignment / f"{assignment}.ipynb"
        try:
            function = defined(path, name)
        except FileNotFoundError:
            reasons.append(f"{path.as_posix()}: there is no such notebook")
        except Exception as error:  # a student's notebook may be damaged in any way
            reasons.append(f"{path.as_posix()}: {type(error).__name__}: {error}")
        else:
            if function is not None:
                print(f"{name}: from {path.as_posix()} ({whose}).")
                return function
            reasons.append(f"{path.as_posix()}: {name} is not done there yet")

    def not_done(*args, **kwargs):
        raise NotImplementedError(
            f"{name} is the exercise of notebook {assignment}. Finish it there, save, and run this notebook again. "
            f"Looked at: {'; '.join(reasons)}."
        )

    print(f"{name}: not done yet in {assignment}; cells that need it will say so.")
    return not_done


def defined(path: Path, name: str) -> Callable | None:
    """The finished function `name` of a notebook, or None if it is still a stub.

    Nothing of the notebook is run but its imports and what the function needs: classes,
    functions and values that it uses by name, and what those use in turn.

    Parameters
    ----------
    path : pathlib.Path
    name : str

    Raises
    ------
    OSError, ValueError, KeyError
        If there is no notebook that can be read.
    Exception
        Whatever the notebook's own lines raise.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    statements = [(number, node) for number, source in enumerate(sources) for node in _body(source)]
    needed, finished = _needed(statements, name), False
    namespace: dict[str, Any] = {"__name__": f"{path.stem}_borrowed"}
    for number, node in statements:
        if not (isinstance(node, ast.Import | ast.ImportFrom) or _binds(node) & needed):
            continue
        if isinstance(node, ast.FunctionDef) and node.name == name:
            finished = not _is_stub(node)
        exec(compile(ast.Module([node], []), _registered(path, number, sources[number]), "exec"), namespace)
    return namespace[name] if finished else None


def _plain(source):
    """A cell's source with an empty line for each magic, so that numbers of lines stay."""
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())


def _body(source):
    try:
        return ast.parse(_plain(source)).body
    except SyntaxError:  # an experiment somewhere else in the notebook
        return []


def _registered(path, number, source):
    """A file name for a cell under which Python, and TensorFlow's AutoGraph, find its lines."""
    filename = f"<{path.stem}, cell {number}>"
    lines = _plain(source).splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    return filename


def _binds(node):
    """The names that a statement defines; none for one that is only an expression."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return set()


def _needed(statements, name):
    """`name`, and all names of the notebook that its definition uses, directly or through others."""
    uses = {}
    for _, node in statements:
        for bound in _binds(node):
            uses.setdefault(bound, set()).update(_globals(node))
    needed, new = set(), {name}
    while new:
        needed |= new
        new = set().union(*(uses.get(known, set()) for known in new)) & set(uses) - needed
    return needed


def _globals(node):
    """The names that a statement reads from the notebook: not its own arguments and local variables."""
    found, tables = set(), [symtable.symtable(ast.unparse(node), "cell", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        top = table.get_type() == "module"
        found |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return found


def _is_stub(function):
    return any(isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node) for node in function.body)
