"""The report: what needs action comes first, and each check, question and student is described as it is."""

import base64
import hashlib
import html
import re

import numpy as np
import pytest
from made_results import ANSWER, graded, read_by_a_person, unreadable, write

from autograde.items import Item, discrimination
from vaelab.checks.judge.catalogue import BY_ID as MISTAKES


def test_near_identical_answers_are_a_group_with_names_and_links(tmp_path):
    text = write(
        tmp_path,
        graded("ada", name="Ada L.", answers={"kl_term": ANSWER}),
        graded("bob", answers={"kl_term": f"# mine\n{ANSWER}"}),
        graded("cy", answers={"kl_term": ""}),
        graded("dee", answers={"kl_term": ""}),
    )
    (group,) = re.findall("<tr><td>(.*)</td><td>kl_term</td><td>100 %</td></tr>", text)
    assert 'feedback/ada/mini/mini.html">ada</a> <span class="quiet">Ada L.</span>' in group and "bob" in group
    assert "cy" not in group and "under 100 characters are not compared" in text
    text = write(tmp_path, *(graded(s, answers={"kl_term": "kl_term = 0"}) for s in ("ada", "bob")))
    assert "Near-identical" not in text


def section(text, heading):
    """What stands below a heading, up to the next one."""
    return re.split("<h[23]", text[text.index(heading) :], maxsplit=1)[0]


def test_what_needs_action_comes_first_with_links_to_it(tmp_path):
    notes = [["tampering", "test_a was edited"], ["repair", "test_b was missing"]]
    text = write(
        tmp_path,
        graded("m 1", name="Mallory May", notes=notes),
        unreadable("eve"),
        graded("ada"),
        graded("fay", status="stopped", reason="too long"),
    )
    todo = section(text, "To do")
    for anchor, said in (
        ("mini-stopped", "1 unreadable"),
        ("mini-stopped", "1 stopped"),
        ("mini-students", "3 with written answers to read"),
        ("mini-tampering", "1 with signs"),
    ):
        assert f'<a href="#{anchor}">{said}' in todo and f'id="{anchor}"' in text
    tampering, stopped = section(text, 'mini-tampering"'), section(text, 'id="mini-stopped"')
    assert 'feedback/m%201/mini/mini.html">m 1</a> <span class="quiet">Mallory May</span>' in section(
        text, 'id="mini-tampering"'
    )
    assert "test_a was edited" in text and "test_b was missing" not in section(text, 'id="mini-tampering"')
    assert "feedback/eve/mini/mini.html" in stopped and "web page" in stopped and "Mallory" not in stopped and tampering


def test_a_class_that_needs_nothing_has_nothing_to_do(tmp_path):
    result, notebook = graded()
    text = write(tmp_path, (read_by_a_person(result), notebook))
    assert "<li>" not in section(text, "To do").split("<nav")[0]


def test_the_mean_says_whom_it_leaves_out(tmp_path):
    text = write(tmp_path, graded("ada"), unreadable("eve"))
    assert "mean 6.00, median 6.00 of 8 points, over 1 that ran to their end; 1 unreadable or stopped left out." in text


def test_each_check_says_who_lost_it_and_each_mistake_who_made_it(tmp_path):
    result, notebook = graded("bob", passed=False)
    known = next(iter(MISTAKES))
    result["checks"][0]["verdicts"][0]["mistake"] = known
    text = write(tmp_path, graded("ada"), (result, notebook))
    mistakes = section(text, "Recognised mistakes")
    assert "feedback/bob/" in mistakes and "feedback/ada/" not in mistakes
    rows_ = re.findall("<tr>.*?</tr>", section(text, "Checks and questions"), re.DOTALL)
    checks = [row for row in rows_ if ">judged" in row]
    assert len(checks) == 3 and all(
        "50 %" in row and "feedback/bob/" in row and "feedback/ada" not in row for row in checks
    )
    (written,) = [row for row in rows_ if ">written" in row]
    assert "nobody" in written


def test_no_question_is_called_hard_before_its_answers_are_read(tmp_path):
    (empty, first), (answered, second) = graded("ada"), graded("bob")
    for answer in empty["written"]:
        answer["points"] = 0.0
    assert 'badge">hard' not in write(tmp_path, (empty, first), (answered, second))
    for answer in answered["written"]:
        answer["points"] = 0.0
    assert 'badge">hard' in write(tmp_path, (empty, first), (answered, second))


def test_students_have_a_column_for_each_check_and_badges(tmp_path):
    text = write(tmp_path, graded("ada", late=True), graded("bob", passed=False))
    ada, bob = re.findall("<tr>.*?</tr>", section(text, 'id="mini-students"'), re.DOTALL)[1:]
    assert 'badge">late' in ada and 'badge">to read' in ada and 'badge">late' not in bob
    assert ada.count('class="full"') == 3 and bob.count('class="none"') == 3


def test_nothing_runs_in_the_report_but_the_script_that_its_policy_names(tmp_path):
    text = write(tmp_path, graded("<img src=x onerror=alert(1)>", name="</script><script>alert(2)</script>"))
    (script,) = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policies = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', text)
    assert len(policies) == 1 and html.unescape(policies[0]).endswith(f"; script-src 'sha256-{digest}'")
    assert "default-src 'none'" in html.unescape(policies[0]) and not re.search("<[^>]* (style|on[a-z]+)=", text)
    assert "<img src=x" not in text and "alert(2)</script>" not in text


def test_marks_for_code_and_for_written_answers_are_shown_apart_and_said_in_words(tmp_path):
    def pictured(*entries):
        return html.unescape(
            re.search('<figure><img src="data:image/png;base64,[^"]+" alt="(.*?)"', write(tmp_path, *entries))[1]
        )

    class_ = [graded("ada"), graded("bob", passed=False), unreadable("eve")]
    assert pictured(*class_) == "Histogram of marks. Code: 2 students, median 3 of 6 points."
    read_by_a_person(class_[0][0])
    assert pictured(*class_) == (
        "Histogram of marks. Code: 2 students, median 3 of 6 points. Written, as far as settled: 1 student, median 2 of 2 points."
    )


def item(points, worth=2.0):
    return Item("t", "t", "judged", False, worth, points)


def test_how_a_check_tells_students_apart():
    strong = {f"s{i}": float(i >= 5) * 2 for i in range(10)}
    totals = {f"s{i}": float(i) for i in range(10)}
    with_own = {s: totals[s] + p for s, p in strong.items()}
    assert discrimination(item(strong), with_own) == pytest.approx(
        np.corrcoef([*strong.values()], [*totals.values()])[0, 1]
    )
    assert discrimination(item(dict.fromkeys(strong, 2.0)), with_own) is None
    assert discrimination(item({"s1": 2.0}), with_own) is None
    assert item({"a": 1.0, "b": 2.0}).share == 0.75 and item({"b": 1.0, "a": 0.0, "c": 2.0}).lost == ["a", "b"]
    assert item({}).share is None
