"""Take a function from an earlier notebook: what a student wrote there, used here."""

import ast
import json
from pathlib import Path

NOTEBOOKS = Path("..")
SOLUTIONS = Path("../../solutions")


def borrow(assignment, name):
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
            function = _definition(path, name)
        except Exception as error:  # a student's notebook may be damaged in any way
            reasons.append(f"{path}: {type(error).__name__}: {error}")
            continue
        if function is not None:
            print(f"{name}: from {path.as_posix()} ({whose}).")
            return function
        reasons.append(f"{path}: {name} is not done there yet")

    def not_done(*args, **kwargs):
        raise NotImplementedError(
            f"{name} is the exercise of notebook {assignment}. Finish it there, save, and run this notebook again. "
            f"Looked at: {'; '.join(reasons)}."
        )

    print(f"{name}: not done yet in {assignment}; cells that need it will say so.")
    return not_done


def _definition(path, name):
    """The finished function in a notebook, or None if it is still a stub."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    namespace = {"__name__": f"{path.stem}_borrowed"}
    finished = False
    for source in sources:
        for node in _definitions(source):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                finished = not _is_stub(node)
            exec(compile(ast.Module([node], []), str(path), "exec"), namespace)
    return namespace[name] if finished else None


def _definitions(source):
    """What a cell imports and defines, without what it does: nothing is trained or drawn."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    try:
        body = ast.parse("\n".join(lines)).body
    except SyntaxError:  # an experiment somewhere else in the notebook
        return
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
            yield node
        elif isinstance(node, ast.Assign) and _is_literal(node.value):
            yield node  # a constant that a function may use


def _is_literal(node):
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def _is_stub(function):
    return any(isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node) for node in function.body)
