"""A notebook of ``mini``, restored, and what tests ask of it."""

from grading_helpers import as_bytes, cell, mini

from autograde import restore as restore_

ASSIGNMENT = mini()
GRADED = [c.id for c in ASSIGNMENT.cells]


def restore(notebook):
    return restore_.restore(notebook if isinstance(notebook, bytes) else as_bytes(notebook), ASSIGNMENT)


def order(restored):
    """The cells of the assignment, by grade_id, in the order in which they run."""
    return [c["grade_id"] for c in restored.cells if c["grade_id"]]


def source_of(restored, grade_id):
    return next(c["source"] for c in restored.cells if c["grade_id"] == grade_id)


def position(notebook, grade_id):
    return notebook.cells.index(cell(notebook, grade_id))
