"""The pages of feedback: what a student reads of each check and each answer."""

import json
import re

import pytest
from made_results import graded, unreadable

from autograde.feedback import page, questions
from autograde.watch import veiled


def test_feedback_gives_the_reason_once_and_to_an_unreadable_file_a_next_step(tmp_path):
    shown = page(unreadable()[0])
    assert shown.count("The file is a web page.") == 1 and shown.count("Next step") == 1
    stopped, _ = unreadable()
    stopped.update(status="stopped")
    assert "Next step" not in page(stopped)


def test_feedback_says_of_a_check_that_never_ran_that_it_did_not_run():
    shown = page(unreadable()[0])
    assert "not passed" not in shown and shown.count("– not run: ") == 3
    stopped, _ = graded(passed=False, status="stopped", reason="The notebook was stopped: its kernel died.")
    stopped["checks"][-1].update(verdicts=[], reason=stopped["reason"])
    for seen in (stopped, veiled(stopped)):
        assert page(seen).count("✗ not passed: ") == 2 and page(seen).count("– not run: ") == 1


@pytest.mark.parametrize(
    "reason, own",
    [
        ("No notebook was submitted, but: essay.pdf. Submit the file mini.ipynb.", True),
        ("This is encoder, handed in for mini. Submit the file mini.ipynb.", True),
        ("The file is damaged inside the archive that it came in. Submit it again.", True),
        ("This is not mini.ipynb: none of its cells is in it. Copy them into a fresh copy and submit that.", True),
        ("The file is a web page.", False),
        ("The file is cut short.", False),
    ],
)
def test_a_reason_that_says_what_to_submit_gets_no_other_advice(reason, own):
    shown = page(unreadable(reason=reason)[0])
    assert ("Open the file" in shown) is not own and shown.count("Next step") == (0 if own else 1)


def test_feedback_says_the_same_thing_once():
    result, _ = graded(passed=False)
    for check in result["checks"]:
        check["verdicts"][0].update(
            message="kl_term returned 1.5 where -3 was expected.", got="1.5", expected="-3 nats", next_step="Look."
        )
    shown = page(result)
    assert (
        shown.count("kl_term returned 1.5") == 1
        and shown.count("As above.") == len(result["checks"]) - 1 == shown.count("✗") - 1
    )
    assert shown.count("Look.") == 1 and "Got" not in shown
    result["checks"][0]["verdicts"][0].update(got="11.5")
    assert "Got <code>11.5</code>, expected <code>-3 nats</code>" in page(result)


def test_feedback_names_the_question_and_what_became_of_the_answer(tmp_path):
    result, _ = graded()
    asked = {
        "cell_type": "markdown",
        "metadata": {},
        "source": ["### Question: 2 points\n", "\n", "Which *way* does <b>$KL$</b> pull? ", "word " * 50],
    }
    answer = {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": "question_pull"}}, "source": "That way."}
    (tmp_path / "mini.ipynb").write_text(json.dumps({"cells": [asked, answer]}))
    shown = page(result, None, questions(tmp_path / "mini.ipynb"))
    assert "<h3>to be read: Which way does &lt;b&gt;KL&lt;/b&gt; pull? word" in shown and "question_pull" not in shown
    result["written"][0]["points"] = 0.0
    assert 'failed">\n<span class="points">0 / 2</span>\n<h3>not answered' in page(result)
    marks = {"cells": {"question_pull": {"score": 0.0, "manual": True, "comment": "Not what was asked."}}, "penalty": 0}
    assert "<h3>graded" in page(result, marks) and "Not what was asked." in page(result, marks)


def test_feedback_says_whose_it_is_and_when_it_was_submitted():
    result, _ = graded(name="Ada Lovelace", late=True, timestamp="2026-03-01T10:00:00")
    shown = page(result)
    assert "<title>Ada Lovelace: mini</title>" in shown and "submitted 01 March 2026, 10:00 UTC, late" in shown
    assert re.search("<h1>mini: 6 of 8 points so far</h1>", shown)
