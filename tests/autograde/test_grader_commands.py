"""The command line's sentences, before grading and after it; formgrader, which is told of next."""

import re
import shlex

import pytest
from grading_helpers import COURSE
from made_results import Student, graded
from nbgrader.converters import GenerateFeedback

from autograde import assignment
from autograde.cli import main
from autograde.gradebook import GradebookError, Writer
from autograde.ledger import Ledger, write_safely
from autograde.options import parser


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
