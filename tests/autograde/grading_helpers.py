"""A miniature assignment and submissions of it, for the grader's tests."""

import contextlib
import copy
import functools
import json
import secrets
import signal
import sqlite3
from pathlib import Path

import nbformat

from autograde import assignment, job
from autograde.course import PROJECT
from autograde.course import names as course_names

COURSE = Path(__file__).parent / "course"
ATTACKS = Path(__file__).resolve().parent.parent / "attacks"
NAME = "mini"
#: A picture of one pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
RIGHT = "return 0.5 * ops.sum(ops.exp(z_log_var) + ops.square(z_mean) - 1.0 - z_log_var, axis=-1)"
MEANED = RIGHT.replace("ops.sum", "ops.mean")


@functools.cache
def mini(name=NAME):
    return assignment.load(name, COURSE)


def load_all(course=PROJECT):
    """Every notebook of a course in which points can be earned, by name."""
    found = {}
    for name in course_names(course):
        with contextlib.suppress(assignment.NothingToGrade):
            found |= assignment.of(name, course)
    return found


def released(name=NAME):
    """The notebook as a student gets it: stubs in, hidden tests out."""
    return copy.deepcopy(_released(name))


@functools.cache
def _released(name):
    from nbgrader.preprocessors import ClearHiddenTests

    notebook = assignment.source_notebook(name, COURSE)
    for cell in notebook.cells:
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id
    return ClearHiddenTests().preprocess(notebook, {})[0]


def encoder_graded(source, limits):
    """The result of a ``make_conv_encoder``, and the notebook."""
    notebook = assignment.source_notebook("encoder", COURSE)
    for cell in notebook.cells:
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
        if cell.id == "make_conv_encoder":
            cell.source = source
    return job.grade(job.Job("ada", assignment.load("encoder", COURSE), as_bytes(notebook), limits))


def cell(notebook, grade_id):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def answered(body=RIGHT, written="It pulls towards the prior.", extra=(), name=NAME):
    """A notebook of `mini`, or of `by_assert`, whose kl_term has ``body`` (or is the whole of ``body`` if that has more lines)."""
    notebook = released(name)
    cell(notebook, "kl_term").source = body if "\n" in body else f"def kl_term(z_mean, z_log_var):\n    {body}\n"
    if written:
        cell(notebook, "question_pull").source = written
    notebook.cells.extend(nbformat.v4.new_code_cell(code) for code in extra)
    return notebook


def as_bytes(notebook):
    return json.dumps(notebook).encode()


def code_cells(*sources):
    """Cells as the judge's order has them, none of them a test."""
    return [
        {"id": f"cell-{i}", "grade_id": None, "cell_type": "code", "test": False, "source": source, "ordinary": None}
        for i, source in enumerate(sources)
    ]


def printed(findings, index=0):
    """All text that a cell displayed, in one string."""
    text = []
    for output in findings["cells"][index]["outputs"]:
        text.append(
            output.get("text") or output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", []))
        )
    return "".join(text)


def grade(notebook, name=NAME, **changes):
    data = notebook if isinstance(notebook, bytes) else as_bytes(notebook)
    result, text = job.grade(job.Job("alice", mini(name), data, **changes))
    return result, nbformat.reads(text, as_version=4)


def connection(folder):
    """Of a kernel that listens in a folder, what Jupyter calls its connection file."""
    return {
        "transport": "ipc",
        "ip": f"{folder}/k",
        "key": secrets.token_hex(32),
        "shell_port": 1,
        "iopub_port": 2,
        "stdin_port": 3,
        "control_port": 4,
        "hb_port": 5,
    }


def heed_ctrl_c():
    """For ``preexec_fn``: what a shell started in the background ignores SIGINT, and so would all that the tests start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def points(result):
    return {check["grade_id"]: check["points"] for check in result["checks"]}


def about_attacks(category="", name="*"):
    """What settles the outcome of attacks: the grader, the library that students see, the assignments, the attacks."""
    project = ATTACKS.parent.parent
    library = [path for path in sorted((project / "vaelab").iterdir()) if path.name not in ("explorer", "__pycache__")]
    return [
        project / "autograde",
        *library,
        ATTACKS.parent / "autograde",
        *ATTACKS.glob(f"{category or '*'}/{name}.py"),
    ]


ROWS = """
select s.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade, n.flagged, s.timestamp
from grade g join submitted_notebook n on n.id = g.notebook_id join submitted_assignment s on s.id = n.assignment_id
join base_cell b on b.id = g.cell_id order by 1, 2
"""
COMMENTS = """
select s.student_id, b.name, c.auto_comment, c.manual_comment
from comment c join submitted_notebook n on n.id = c.notebook_id join submitted_assignment s on s.id = n.assignment_id
join base_cell b on b.id = c.cell_id order by 1, 2
"""


LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("begin exclusive")
print("locked", flush=True)
sys.stdin.read()
"""


def gradebook(out):
    """Every row of the gradebook that is about a submission, without random ids."""
    with sqlite3.connect(f"file:{out / 'gradebook.db'}?mode=ro", uri=True) as database:
        students = database.execute("select id, first_name, last_name from student order by 1").fetchall()
        return students, database.execute(ROWS).fetchall(), database.execute(COMMENTS).fetchall()


def scores(out):
    found = {}
    for student, _, auto, *_ in gradebook(out)[1]:
        found[student] = found.get(student, 0) + (auto or 0)
    return found
