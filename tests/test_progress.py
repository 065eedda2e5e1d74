"""What somebody without a teacher is told: in a notebook, and for the whole course."""

import json
from pathlib import Path

import pytest

from vaelab import progress
from vaelab.checks import check, points

PROJECT = Path(__file__).resolve().parent.parent

RIGHT = """
from keras import ops
def kl_term(z_mean, z_log_var):
    return 0.5 * ops.sum(ops.exp(z_log_var) + z_mean**2 - 1 - z_log_var, axis=-1)
"""
WRONG = RIGHT.replace("0.5 * ", "")
STUB = "def kl_term(z_mean, z_log_var):\n    raise NotImplementedError()\n"


@pytest.fixture(autouse=True)
def nothing_run_yet():
    progress.LATEST.clear()
    yield
    progress.LATEST.clear()


def function(source):
    names = {}
    exec(source, names)
    return names["kl_term"]


def shown(capsys):
    progress.show_progress("01_kl_term")
    return capsys.readouterr().out


def test_before_any_check_nothing_is_counted_and_the_checks_are_named(capsys):
    out = shown(capsys)
    assert out.count("not run") == len(points.of("01_kl_term")) and "0 of 10 points" in out
    assert "Next: run the cells with checks, below kl_term." in out


def test_what_has_run_is_counted_and_the_hidden_checks_are_offered(capsys):
    for name in ("shape", "prior", "values"):
        check(f"kl_term.{name}", function(RIGHT))
    capsys.readouterr()
    out = shown(capsys)
    assert "5 of 10 points" in out and 'run_hidden("01_kl_term", kl_term)' in out


def test_hidden_checks_run_on_demand_and_all_points_can_be_had(capsys):
    for name in ("shape", "prior", "values"):
        check(f"kl_term.{name}", function(RIGHT))
    progress.run_hidden("01_kl_term", function(RIGHT))
    capsys.readouterr()
    out = shown(capsys)
    assert "10 of 10 points" in out and "All checks pass" in out


def test_a_failing_check_says_what_to_do_and_where_it_is_explained(capsys):
    with pytest.raises(AssertionError):
        check("kl_term.values", function(WRONG))
    capsys.readouterr()
    out = shown(capsys)
    assert "not yet" in out and "Take the logarithm" in out and "notebook 1, Exercise: kl_term" in out


def test_a_failing_hidden_check_does_not_stop_the_others(capsys):
    progress.run_hidden("01_kl_term", function(WRONG))
    assert {listed.id for listed in points.of("01_kl_term") if listed.hidden} == set(progress.LATEST)


def test_the_stub_is_not_called_wrong(capsys):
    with pytest.raises(NotImplementedError):
        check("kl_term.shape", function(STUB))
    capsys.readouterr()
    assert "Next: write kl_term" in shown(capsys)


def test_nothing_is_judged_while_grading(capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    progress.run_hidden("01_kl_term", function(RIGHT))
    progress.show_progress("01_kl_term")
    assert not progress.LATEST and "points" not in capsys.readouterr().out


# The whole course


def write(folder, assignment, sources, answer="YOUR ANSWER HERE"):
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]
    cells.append({"cell_type": "markdown", "source": answer, "metadata": {"nbgrader": {"solution": True}}})
    path = folder / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")


def test_the_released_course_earns_nothing_and_raises_nothing(capsys):
    progress.main([str(PROJECT / "course")])
    out = capsys.readouterr().out
    total = sum(listed.points for listed in points.CHECKS)
    assert f"The course: 0 of {total} points" in out and out.count("not written yet") == len(points.CHECKS)


def test_points_mistakes_and_questions_of_saved_notebooks_are_listed(tmp_path, capsys):
    write(tmp_path, "01_kl_term", ["from keras import ops", WRONG], answer="At +3, since the arrows are brighter.")
    write(tmp_path, "02_vae", ["def make_vae(:"])
    progress.main([str(tmp_path)])
    out = capsys.readouterr().out
    assert "mistake: the factor in front is missing; explained in notebook 1, Exercise: kl_term" in out
    assert "1 of 1 questions answered" in out and "03_conv_vae: no notebook" in out


def test_a_mistake_outside_the_catalogue_names_no_section(tmp_path, capsys, monkeypatch):
    """As in a check of plain values."""
    write(tmp_path, "01_kl_term", ["from keras import ops", WRONG])
    found = {
        i: {**v, "mistake": "kl_term.mine"}
        for i, v in progress.of_notebook(tmp_path / "01_kl_term/01_kl_term.ipynb").items()
    }
    monkeypatch.setattr(progress, "of_notebook", lambda path: found)
    progress.main([str(tmp_path)])
    out = capsys.readouterr().out
    assert "of 10 points" in out and "mistake:" not in out


def test_a_notebook_that_cannot_be_run_fails_its_checks_with_the_reason(tmp_path, capsys):
    write(tmp_path, "01_kl_term", ["import no_such_module", RIGHT])
    progress.main([str(tmp_path)])
    assert "01_kl_term: 0 of 10 points" in capsys.readouterr().out


@pytest.mark.parametrize("assignment", ["01_kl_term", "05_looks_healthy"])
def test_a_solution_earns_all_points(assignment):
    verdicts = progress.of_notebook(PROJECT / "solutions" / assignment / f"{assignment}.ipynb")
    assert [v["status"] for v in verdicts.values()] == ["passed"] * len(points.of(assignment))


def test_an_assignment_with_several_functions_knows_each_by_its_name():
    def active_units(z_mean, threshold=0.01):
        return int(sum(z_mean.var(axis=0) > threshold))

    progress.run_hidden("07_rate_distortion", active_units)
    assert {check_id.partition(".")[0] for check_id in progress.LATEST} == {"active_units"}
    with pytest.raises(ValueError, match="asks for active_units, .*; none of them is called len"):
        progress.run_hidden("07_rate_distortion", len)
