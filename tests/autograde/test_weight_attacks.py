"""Forged answers to ``log_weight`` and ``log_likelihood``, through the whole of a job."""

from pathlib import Path

import pytest
from grading_helpers import COURSE, as_bytes, points
from test_grader_attacks import about_attacks

from autograde import assignment, job
from autograde.isolation.bubblewrap import Limits

ATTACKS = Path(__file__).resolve().parent.parent / "attacks" / "forge_weights"
NAMES = sorted(path.stem for path in ATTACKS.glob("*.py"))
#: Functions that return numbers in the right shape deserve these.
DESERVED = {"test_log_weight_shape", "test_log_likelihood_shape"}


def graded(source):
    """The result of a notebook whose first exercise's cell is `source`, which defines both functions."""
    notebook = assignment.source_notebook("weights", COURSE)
    for cell in notebook.cells:
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
        if cell.id == "log_weight":
            cell.source = source
        if cell.id == "log_likelihood":
            cell.source = "pass"
    order = job.Job("mallory", assignment.load("weights", COURSE), as_bytes(notebook), Limits(seconds=120))
    return job.grade(order)[0]


def about(name="*"):
    return about_attacks("forge_weights", name)


@pytest.mark.sandbox
@pytest.mark.proof(about=about)
@pytest.mark.parametrize("name", NAMES)
def test_a_forged_weight_earns_no_more_than_its_shape(name):
    result = graded((ATTACKS / f"{name}.py").read_text(encoding="utf-8"))
    assert {check for check, earned in points(result).items() if earned} <= DESERVED
    for check in result["checks"]:
        assert check["passed"] or check["reason"] or check["verdicts"][-1]["message"]


@pytest.mark.sandbox
@pytest.mark.proof(about=about)
def test_right_answers_in_the_same_cell_earn_every_point():
    right = [ATTACKS.parent.parent / "variants" / name / "course.py" for name in ("log_weight", "log_likelihood")]
    result = graded("\n\n".join(path.read_text(encoding="utf-8") for path in right))
    assert sum(points(result).values()) == result["max_score"] == 12
