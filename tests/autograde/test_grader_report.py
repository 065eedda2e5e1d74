"""What people read after grading: the report, the pages of feedback, files for spreadsheets, the command line's sentences."""

import base64
import csv
import hashlib
import html
import io
import json
import re
import shlex
import unicodedata

import numpy as np
import pytest
from grading_helpers import COURSE
from made_results import ANSWER, Student, graded, unreadable
from nbgrader.converters import GenerateFeedback

from autograde import assignment
from autograde.cli import main
from autograde.feedback import page, questions
from autograde.gradebook import GradebookError, Writer
from autograde.items import Item, discrimination
from autograde.ledger import Ledger, write_safely
from autograde.options import parser
from autograde.report import write_all
from autograde.watch import veiled
from vaelab.checks.judge.catalogue import BY_ID as MISTAKES


def write(out, *entries):
    """Keep results as the grader does, and write what people read of them."""
    for result, notebook in entries:
        write_safely(out / "results" / result["student"] / "mini" / "mini.ipynb", notebook)
    write_all(out, [result for result, _ in entries], {})
    return (out / "report.html").read_text(encoding="utf-8")


def rows(path, delimiter=","):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), delimiter=delimiter))


# --- CSV ------------------------------------------------------------------------------------


def read_by_a_person(result):
    """The result once nothing waits any more."""
    for answer in result["written"]:
        answer["points"] = 2.0
    return result


def test_moodle_gets_the_columns_that_it_requires_and_no_comments_that_are_empty(tmp_path):
    result, notebook = graded("12", name="Ada Lovelace")
    write(tmp_path, (result, notebook))
    assert rows(tmp_path / "moodle_mini.csv") == [
        ["Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)"],
        ["Participant 12", "Ada Lovelace", "", "8.0", ""],
    ]
    write(tmp_path, (read_by_a_person(result), notebook), unreadable("13"))
    head, *others = rows(tmp_path / "moodle_mini.csv")
    assert others[0][2] == "6.0"
    assert head[-1] == "Feedback comments" and [row[-1] for row in others] == ["", "The file is a web page."]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "@SUM(1)",
        "+1",
        "-1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(1)",
        "  =1+1",
        "\t=1+1",
        "\n=1+1",
        "\x0b=1",
        '"=1+1',
        "\u200b=1+1",
        "DDE;@SUM(1+1)*cmd|' C'!A0;",
        "DDE; =1+1",
        'DDE";"=1+1',
        "DDE\n=1+1",
        "DDE\r=1+1",
        "DDE\t=1+1",
        "DDE;＝1+1",
        ";;=1;=1",
    ],
)
def test_no_spreadsheet_finds_a_formula_whatever_it_takes_for_a_separator(name, tmp_path):
    write(tmp_path, graded(name=name), unreadable(reason=f"The file is {name}"))
    for path in tmp_path.glob("*.csv"):
        for separator in ",;\t":
            for cell in (cell for row in rows(path, separator) for cell in row):
                plain = unicodedata.normalize("NFKC", cell).strip(' \t\r\n\v"\u200b')
                assert not plain.startswith(("=", "+", "-", "@")), (path.name, separator, cell)
        assert len({len(row) for row in rows(path)}) == 1


def test_marks_open_in_excel_with_their_umlauts_and_the_other_files_are_plain(tmp_path):
    write(tmp_path, graded(name="Zoë Müller"))
    assert (tmp_path / "marks.csv").read_bytes().startswith(b'\xef\xbb\xbf"student"')
    assert rows(tmp_path / "marks.csv")[1][1] == "Zoë Müller"
    for name in ("canvas_mini.csv", "moodle_mini.csv"):
        assert (tmp_path / name).read_bytes().startswith(b'"')


# --- report ---------------------------------------------------------------------------------


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


# --- feedback -------------------------------------------------------------------------------


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


# --- the command line -----------------------------------------------------------------------


@pytest.mark.parametrize("option", ["workers", "memory", "seconds", "processes", "output"])
@pytest.mark.parametrize("value", ["0", "-3"])
def test_a_limit_below_one_is_refused_in_one_sentence(option, value, tmp_path, capsys):
    assert main(["grade", str(tmp_path), "--out", str(tmp_path / "out"), f"--{option}", value]) == 2
    assert capsys.readouterr().err == f"autograde: --{option} must be 1 or more, not {value}.\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["grade", "feedback"])
@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "s3cret",
        "mysql://teacher:s3cret@host/x",
        "oracle9://teacher:s3cret@host/x",
        "postgresql+psycopg://teacher:s3cret@host:port/x",
        "postgresql+psycopg://teacher@host:s3cret/x",
        "sqlite://teacher:s3cret@host/x",
    ],
)
def test_an_address_that_is_none_is_refused_in_one_sentence_without_the_password(command, url, tmp_path, capsys):
    arguments = {"grade": ["grade", str(tmp_path)], "feedback": ["feedback"]}[command]
    assert main([*arguments, "--out", str(tmp_path / "out"), "--db-url", url]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("autograde: --db-url cannot be used: ") and "postgresql+psycopg://user@host/name" in said
    assert "s3cret" not in said and not (tmp_path / "out").exists()


def test_a_gradebook_that_cannot_be_reached_is_named_without_the_password():
    with pytest.raises(GradebookError, match=r"postgresql\+psycopg://127\.0\.0\.1/x") as refusal:
        Writer("postgresql+psycopg://teacher:s3cret@127.0.0.1:1/x?password=s3cret", patience=1)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.sandbox
def test_what_was_graded_is_counted_by_status(tmp_path, capsys):
    for student in ("eve", "fay"):
        write_safely(tmp_path / "class" / f"{student}.ipynb", "<html>")
    command = [
        "grade",
        str(tmp_path / "class"),
        "--course",
        str(COURSE),
        "--assignment",
        "mini",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*command, "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert (
        "2 submissions: 0 graded, 0 stopped, 2 unreadable (no points" in said and "0 of 2 notebooks unchanged" in said
    )
    assert "written answers" not in said


def test_after_grading_it_is_said_how_to_mark_written_answers(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUTOGRADE_SANDBOX", "none")  # this command runs nothing, and needs none
    result, notebook = graded()
    submission = Student()
    submission.assignment = "mini"
    with Ledger(tmp_path) as ledger:
        ledger.keep(submission, result, notebook)
    assert main(["feedback", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert "written answers to mark: 1" in said
    assert f"`AUTOGRADE_OUT={tmp_path} make formgrader`, then `python -m autograde feedback --out {tmp_path}`" in said

    # Typed as it is printed, the command finds the same course again and scales as before.
    more = ["--course", str(COURSE), "--out-of", "mini=20", "--out-of", "100"]
    assert main(["feedback", "--out", str(tmp_path), *more]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    command = re.search(r"then `python -m autograde (.+)`", said)[1]
    again, first = parser().parse_args(shlex.split(command)), parser().parse_args(["feedback", *more])
    assert (again.out, again.course, again.out_of) == (tmp_path, first.course, first.out_of)

    assert main(["feedback", "--out", str(tmp_path), "--db-url", f"sqlite:///{tmp_path}/s3cret.db"]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert f"`AUTOGRADE_OUT={tmp_path} AUTOGRADE_DB_URL=DB_URL make formgrader`" in said and "s3cret" not in said


def test_formgrader_looks_where_the_results_are_and_its_feedback_has_no_hidden_tests(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADE_OUT", str(tmp_path / "out"))
    config = assignment.nbgrader_config()
    assert config.CourseDirectory.db_url == f"sqlite:///{tmp_path}/out/gradebook.db"
    assert config.CourseDirectory.autograded_directory == f"{tmp_path}/out/autograded"
    assert "nbgrader.preprocessors.ClearHiddenTests" in GenerateFeedback(config=config).preprocessors
    monkeypatch.setenv("AUTOGRADE_DB_URL", "postgresql+psycopg://ada@host/gradebook")
    assert assignment.nbgrader_config().CourseDirectory.db_url == "postgresql+psycopg://ada@host/gradebook"


@pytest.mark.sandbox
def test_trouble_with_the_disk_is_to_be_put_right_first(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["grade", str(tmp_path), "--out", str(tmp_path / "file" / "out")]) == 2
    assert "put that right and run the same command again" in capsys.readouterr().err


@pytest.mark.parametrize("user, warned", [(0, True), (1000, False)])
def test_root_is_warned(user, warned, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: user)
    main(["grade", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--no-sandbox"])
    assert ("You are root" in capsys.readouterr().err) is warned


@pytest.mark.parametrize("value", ["100", "mini=20", "0.5"])
def test_points_to_scale_to_are_read(value):
    name, points = value.rpartition("=")[::2]
    assert parser().parse_args(["feedback", "--out-of", value]).out_of == [(name, float(points))]


@pytest.mark.parametrize("value", ["", "many", "mini=", "0", "-1", "inf", "nan", "mini=x"])
def test_points_that_are_none_are_refused(value, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["feedback", "--out-of", value])
    assert "no number of points" in capsys.readouterr().err


def test_with_a_scheduler_this_machine_needs_no_sandbox(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUTOGRADE_SANDBOX", "none")
    (tmp_path / "empty").mkdir()
    command = ["grade", str(tmp_path / "empty"), "--out", str(tmp_path / "out")]
    assert main([*command, "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "holds no submissions" in capsys.readouterr().err
    assert main(command) == 2 and "AUTOGRADE_SANDBOX" in capsys.readouterr().err


def test_results_of_a_newer_grader_are_named_and_not_guessed_at(tmp_path, capsys):
    result, notebook = graded()
    submission = Student()
    submission.assignment = "mini"
    with Ledger(tmp_path) as ledger:
        ledger.keep(submission, result | {"format": 99}, notebook)
    assert main(["feedback", "--out", str(tmp_path)]) == 2
    assert "this result has format 99" in capsys.readouterr().err
