"""The assignment `asserts`, whose tests are plain asserts, and submissions of it."""

import copy
import functools

import nbformat
from grading_helpers import COURSE, cell

from autograde import assignment


@functools.cache
def asserts():
    return assignment.load("asserts", COURSE)


def answered(squares=None, norm=None, extra=()):
    notebook = copy.deepcopy(assignment.source_notebook("asserts", COURSE))
    from nbgrader.preprocessors import ClearHiddenTests

    notebook, _ = ClearHiddenTests().preprocess(notebook, {})
    for i, one in enumerate(notebook.cells):
        one.id = one.metadata.get("nbgrader", {}).get("grade_id", f"c{i}")
    for name, code in (("squares", squares), ("norm", norm)):
        if code:
            cell(notebook, name).source = code
    at = notebook.cells.index(cell(notebook, "helper"))
    notebook.cells[at:at] = [nbformat.v4.new_code_cell(code) for code in extra]
    return notebook


SQUARES = "def squares(n):\n    if n < 1:\n        raise ValueError(n)\n    return [i * i for i in range(1, n + 1)]"
NORM = "def norm(v):\n    return sum(x * x for x in v) ** 0.5"
