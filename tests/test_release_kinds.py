"""What grading will make of the tests of a release: their kinds, and what it would refuse."""

import pytest
import release

EXERCISE = """# %%
from vaelab.checks import check

# %% nbgrader={{"grade": false, "grade_id": "f", "locked": false, "schema_version": 3, "solution": true, "task": false}}
def f(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION

# %% nbgrader={{"grade": true, "grade_id": "test_f", "locked": true, "points": {points}, "schema_version": 3, "solution": false, "task": false}}
{test}
"""


def with_test(folder, test, points=1):
    path = folder / "solutions" / "mine" / "mine.py"
    path.parent.mkdir(parents=True)
    path.write_text(EXERCISE.format(test=test, points=points), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "test, said",
    [
        ('check("kl_term.shape", f)', "judged tests 1, answers to read 0"),
        ("assert f(1) == 1", "judged tests 0, answers to read 0, ordinary tests 1 (test_f)"),
    ],
)
def test_a_release_says_of_which_kind_its_tests_are(tmp_path, test, said):
    assert release.kinds("mine", with_test(tmp_path, test)) == said


@pytest.mark.parametrize(
    "test, points, why",
    [
        ('check("kl_term.shape", f); assert f(1)', 1, "a cell of their own"),
        ('check("no.such", f)', 1, "no check is called"),
        ("assert (", 1, "no Python"),
        ('check("kl_term.shape", f)', 7, "has 7 points"),
    ],
)
def test_what_grading_would_refuse_is_not_released(tmp_path, test, points, why):
    with pytest.raises(release.ReleaseError, match=why):
        release.kinds("mine", with_test(tmp_path, test, points))
