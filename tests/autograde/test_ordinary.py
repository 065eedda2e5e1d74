"""nbgrader's own tests run in the student's kernel, give the points that stock nbgrader gives, and show no hidden test."""

import json
import re

import pytest
from asserts import NORM, SQUARES, answered, asserts
from grading_helpers import COURSE, as_bytes, points

from autograde import assignment, course, job, ordinary
from autograde.feedback import page
from autograde.isolation.limits import Limits
from autograde.outputs import Outputs, Room


def grade(*code, **more):
    result, text = job.grade(job.Job("ada", asserts(), as_bytes(answered(*code, **more))))
    return result, text


def test_every_cell_has_its_kind():
    kinds = {one.id: (one.kind, one.judged if one.kind == "test" else None, one.points) for one in asserts().cells}
    assert kinds == {
        "squares": ("solution", None, 0), "helper": ("locked", None, 0), "test_squares": ("test", False, 2), "test_refuses": ("test", False, 1),
        "norm": ("solution", None, 0), "test_norm": ("test", False, 3), "why": ("written", None, 2), "plot": ("task", None, 1),
    }  # fmt: skip
    assert asserts().max_score == 9 and all(c.judged for c in assignment.load("mini", COURSE).cells if c.kind == "test")


# --- one test, with a kernel that says what it is told to ------------------------------------


class Kernel:
    """Says that a failing line failed unless ``silenced``, and of the test what it is given."""

    def __init__(self, *messages, status="ok", silenced=False):
        self.messages, self.status, self.silenced = messages, status, silenced

    def run(self, code, silent=False):
        outputs = Outputs(Room())
        if silent:
            word = re.search("[0-9a-f]{32}", code)[0]
            failed = {"status": "error", "ename": "AssertionError", "evalue": word}
            return outputs, {"status": "ok"} if self.silenced else failed
        for kind, content in self.messages:
            outputs.add(kind, content)
        return outputs, {"status": self.status, "ename": "ValueError", "evalue": "of the reply"}


def result_is(text):
    return "execute_result", {"data": {"text/plain": text}}


ERROR = "error", {"ename": "AssertionError", "evalue": "xyzzy", "traceback": ["xyzzy"]}
STDERR = "stream", {"name": "stderr", "text": "warning"}


def run(*messages, shown=True, **state):
    return ordinary.run("x", 4.0, Kernel(*messages, **state), shown)[0]


@pytest.mark.parametrize(
    "messages, fraction, flagged",
    [
        ([], 1.0, False), ([STDERR], 1.0, False), ([result_is("4")], 1.0, False), ([result_is("1")], 0.25, False), ([result_is("0.0")], 0.0, False),
        ([result_is("'done'")], 1.0, False), ([result_is("True")], 1.0, False), ([result_is("1"), result_is("4")], 0.25, False), ([ERROR], 0.0, False),
        ([result_is("4"), ERROR], 0.0, False), ([result_is("-1")], 0.0, True), ([result_is("nan")], 0.0, True), ([result_is("1e999")], 0.0, True),
        ([result_is("5")], 0.0, True),
    ],
)  # fmt: skip
def test_points_of_what_a_test_displays(messages, fraction, flagged):
    found = run(*messages)
    assert found["fraction"] == fraction and found["passed"] is (fraction == 1) and ("flag" in found) is flagged
    assert bool(found["verdicts"]) is (fraction != 1)


def test_an_error_that_only_the_reply_tells_of_counts():
    found = run(status="error")
    assert found["fraction"] == 0 and "ValueError: of the reply" in found["verdicts"][0]["message"]


def test_where_a_failing_line_is_not_seen_to_fail_nothing_passes():
    found = run(silenced=True)
    assert found["fraction"] == 0 and found["flag"] == ordinary.SILENCED


def test_what_a_hidden_test_said_is_not_passed_on():
    assert "xyzzy" in run(ERROR)["verdicts"][0]["message"]
    assert "xyzzy" not in json.dumps(run(ERROR, shown=False))
    odd = "error", {"ename": "xyzzy", "evalue": "xyzzy", "traceback": ["xyzzy"]}
    assert "xyzzy" not in json.dumps(run(odd, shown=False))
    known = "error", {"ename": "IndexError", "evalue": "xyzzy", "traceback": []}
    assert "IndexError" in json.dumps(run(known, shown=False)) and "xyzzy" not in json.dumps(run(known, shown=False))


# --- what can be graded -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source, uses_checks, judged",
    [
        ('check("kl_term.shape", kl_term)', True, True), ("assert f(1) == 2", True, False), ('check("a", f)', False, False),
        ("%matplotlib inline\nassert True", False, False), ("!ls\nassert True", True, False), ("x.check(1)", True, False),
    ],
)  # fmt: skip
def test_which_tests_are_judged(source, uses_checks, judged):
    assert assignment.is_judged(source, uses_checks) is judged


@pytest.mark.parametrize(
    "source",
    [
        "assert (",
        'check("no.such", f)',
        'check("kl_term.shape", kl_term)\nassert True',
        'x = check("kl_term.shape", f)',
    ],
)
def test_what_grading_would_refuse_is_refused_when_the_assignment_is_read(source):
    with pytest.raises(assignment.NotATestCell):
        assignment.is_judged(source, True)


# --- in a sandbox -----------------------------------------------------------------------------


@pytest.mark.sandbox
def test_right_answers_get_full_points_whatever_they_write_to_stderr():
    result, text = grade(SQUARES, NORM, extra=["import sys\nprint('noise', file=sys.stderr)"])
    assert points(result) == {"test_squares": 2, "test_refuses": 1, "test_norm": 3} and result["notes"] == []
    assert {check["kind"] for check in result["checks"]} == {"ordinary"}
    assert [(one["grade_id"], one["points"]) for one in result["written"]] == [("why", 0.0), ("plot", None)]
    assert "xyzzy" not in page(result | {"name": "", "late": False})


@pytest.mark.sandbox
def test_each_test_gives_its_own_points_and_feedback_shows_no_hidden_test():
    leak = "import builtins\nerrors = []"
    wrong = (
        "import inspect, sys\n\ndef squares(n):\n    if n < 1:\n        raise TypeError(inspect.getsource(sys._getframe(2)) + repr(In))\n"
        "    return [i * i for i in range(1, n + 1)]"
    )
    part = (
        "def norm(v):\n    if len(v) == 4:\n        raise_all = [repr(In)]\n        return 1\n    return max(v) and 5"
    )
    result, text = grade(wrong, part, extra=[leak])
    assert points(result) == {"test_squares": 2, "test_refuses": 0, "test_norm": 2}
    shown = page(result | {"name": "", "late": False})
    assert "xyzzy" not in shown and "4711" not in shown and "gave 2 of 3 points" in shown


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "forgery",
    [
        ("import ast\nclass Strip(ast.NodeTransformer):\n    def visit_Assert(self, node):\n        return ast.copy_location(ast.Pass(), node)\n"
        "get_ipython().ast_transformers.append(Strip())"),
        ("import ast\nclass Strip(ast.NodeTransformer):\n    def visit_Assert(self, node):\n        return ast.copy_location(ast.Pass(), node)\n"
        "    def visit_Raise(self, node):\n        return ast.copy_location(ast.Pass(), node)\nget_ipython().ast_transformers.append(Strip())"),
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
        "def fine(self, *args, **kwargs):\n    return None\ntype(get_ipython()).run_code = fine",
    ],
)  # fmt: skip
def test_what_keeps_failures_from_being_seen_earns_nothing_and_is_flagged(forgery):
    result, _ = grade("def squares(n):\n    return None", "def norm(v):\n    return None", extra=[forgery])
    assert result["score"] == 0
    assert any(kind == "tampering" for kind, _ in result["notes"]) or result["status"] == "stopped"


# --- what a course gives one cell ------------------------------------------------------------------


@pytest.mark.parametrize(
    "config, expected",
    [
        ("c.ExecutePreprocessor.timeout = 60", 60.0), ("c.Execute.timeout = 5", 5.0), ("c.ExecutePreprocessor.timeout = 60\nc.Execute.timeout = 5", 5.0),
        ("c.ExecutePreprocessor.timeout = None", None), ("c.ExecutePreprocessor.timeout = -1", None), ("", None),
    ],
)  # fmt: skip
def test_the_limit_of_a_cell_is_what_the_courses_configuration_says(tmp_path, config, expected):
    assert course.cell_limit(tmp_path) is None
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\n{config}\n")
    assert course.cell_limit(tmp_path) == expected


@pytest.mark.sandbox
def test_a_cell_that_takes_too_long_is_interrupted_and_costs_its_own_points_alone():
    endless = "import time\n\ndef norm(v):\n    while True:\n        time.sleep(0.1)"
    stubborn = "import time\ntry:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    pass"
    submitted = as_bytes(answered(SQUARES, endless, extra=[stubborn]))
    result, _ = job.grade(job.Job("ada", asserts(), submitted, limits=Limits(seconds=120, cell=6)))
    assert result["status"] == "graded" and points(result) == {"test_squares": 2, "test_refuses": 1, "test_norm": 0}
    said = "interrupted at cell “import time” after 6 seconds, the most that the course gives a cell"
    assert result["notes"] == [["repair", said]]
    assert result["checks"][2]["verdicts"][0]["message"] == ordinary.LATE
