"""What the judge carries from one test cell to the next."""

from plain_kernel import Kernel

from autograde import judge_process
from vaelab.checks import judge

TEST = {"id": "t", "grade_id": "t", "test": True, "source": 'check("kl_term.values", kl_term)', "ordinary": None}
CODE = {"id": "c", "grade_id": None, "test": False, "source": "kl_term = 1", "ordinary": None}


def test_what_checks_found_out_is_forgotten_when_a_cell_runs(monkeypatch):
    asked, found = [], []

    def wonder(check_id, target):
        asked.append(judge.Ask(target, "kl_term").once("what", lambda: found.append(1)))
        return {"passed": True}

    monkeypatch.setattr(judge_process.oracle, "judge", wonder)
    judge_process.judge([CODE, TEST, TEST, CODE, TEST], Kernel())
    assert len(asked) == 3 and len(found) == 2
