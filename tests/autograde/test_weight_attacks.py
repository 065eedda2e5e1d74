"""Forged answers to the exercises of notebooks 6 and 7, through the whole of a job."""

import pytest
from grading_helpers import ATTACKS, COURSE, about_attacks, as_bytes, points

from autograde import assignment, job
from autograde.isolation.limits import Limits

#: Assignments by the category of the attacks on them: exercises, and the checks that numbers in the right form deserve.
EXERCISES = {
    "forge_weights": ("log_weight", "log_likelihood"),
    "forge_rate": ("active_units", "effective_beta", "fit_prior", "anomaly_score"),
}
COURSES = {"forge_weights": "weights", "forge_rate": "rate"}
DESERVED = {"test_log_weight_shape", "test_log_likelihood_shape", "test_fit_prior_samples"}
NAMES = [(category, path.stem) for category in EXERCISES for path in sorted((ATTACKS / category).glob("*.py"))]


def graded(category, source):
    """The result of a notebook whose first exercise's cell is `source`, which defines all functions."""
    name, exercises = COURSES[category], EXERCISES[category]
    notebook = assignment.source_notebook(name, COURSE)
    for cell in notebook.cells:
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
        if cell.id in exercises:
            cell.source = source if cell.id == exercises[0] else "pass"
    order = job.Job("mallory", assignment.load(name, COURSE), as_bytes(notebook), Limits(seconds=120))
    return job.grade(order)[0]


def about(category="*", name="*"):
    return about_attacks(category, name)


@pytest.mark.sandbox
@pytest.mark.proof(about=about)
@pytest.mark.parametrize("category, name", NAMES)
def test_a_forged_answer_earns_no_more_than_its_form(category, name):
    result = graded(category, (ATTACKS / category / f"{name}.py").read_text(encoding="utf-8"))
    assert {check for check, earned in points(result).items() if earned} <= DESERVED
    for check in result["checks"]:
        assert check["passed"] or check["reason"] or check["verdicts"][-1]["message"]


@pytest.mark.sandbox
@pytest.mark.proof(about=about)
@pytest.mark.parametrize("category", EXERCISES)
def test_right_answers_in_the_same_cell_earn_every_point(category):
    variants = {
        "active_units": "numpy",
        "effective_beta": "tensors",
        "fit_prior": "kmeans",
        "anomaly_score": "relative_error",
    }
    right = [ATTACKS.parent / "variants" / name / f"{variants.get(name, 'course')}.py" for name in EXERCISES[category]]
    result = graded(category, "\n\n".join(path.read_text(encoding="utf-8") for path in right))
    assert sum(points(result).values()) == result["max_score"]
