"""The gradebook gets whole submissions, keeps what a person graded, and may live in PostgreSQL."""

import copy
import os
import shutil
import socket
import subprocess
from datetime import datetime
from pathlib import Path

import needs
import pytest
from grading_helpers import COURSE, answered, as_bytes, mini
from made_results import Student, result_of
from nbgrader import api
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import base as server
from traitlets.config import Config

from autograde import assignment, autograded, job, restore
from autograde.feedback import page
from autograde.gradebook import GradebookError, Writer
from autograde.ledger import write_safely


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory):
    """A real server in a temporary folder, on loopback, run by an unprivileged user; yields its URL."""
    programs = needs.postgresql()
    folder = Path("/tmp") / f"autograde-pg-{os.getpid()}"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "nobody")
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}

    def program(name, *arguments):
        subprocess.run([programs / name, *arguments], check=True, capture_output=True, cwd=folder, **user)

    try:
        program("initdb", "-D", folder / "data", "-U", "teacher", "--auth=trust", "-N")
        program(
            "pg_ctl",
            "-D",
            folder / "data",
            "-w",
            "-l",
            folder / "log",
            "-o",
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off",
            "start",
        )
        try:
            yield f"postgresql+psycopg://teacher@127.0.0.1:{port}/postgres"
        finally:
            program("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def prepared(request, tmp_path_factory):
    """A writer on a gradebook that knows the assignment; making one takes seconds."""
    url = (
        f"sqlite:///{tmp_path_factory.mktemp('gradebook') / 'gradebook.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("postgresql")
    )
    writer = Writer(url)
    writer.prepare("mini", COURSE)
    yield writer
    writer.close()


@pytest.fixture
def writer(prepared):
    """The same, without students."""
    db = prepared.gradebook.db
    for table in (api.Comment, api.Grade, api.SubmittedNotebook, api.SubmittedAssignment, api.Student):
        db.query(table).delete()
    db.commit()
    return prepared


def enter(writer, folder, result, notebook):
    """Write a result as the grader does: gradebook first, then the notebook that people see."""
    new, shown = folder / "new.ipynb", folder / "shown.ipynb"
    write_safely(new, notebook)
    writer.write(result, Student(), new, shown)
    shutil.copy(new, shown)


def cells(writer):
    return writer.marks("mini")["ada"]["cells"]


def grade_by_hand(writer, grade_id, score, comment=None):
    """What formgrader does."""
    grade = writer.gradebook.find_grade(grade_id, "mini", "mini", "ada")
    grade.manual_score, grade.needs_manual_grade = score, False
    if comment:
        writer.gradebook.find_comment(grade_id, "mini", "mini", "ada").manual_comment = comment
    writer.gradebook.db.commit()


def test_a_result_is_entered_with_all_its_cells(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True))
    marks = writer.marks("mini")["ada"]
    assert (marks["score"], marks["max_score"], marks["needs_manual_grade"]) == (6.0, 8.0, True)
    assert marks["timestamp"] == datetime(2026, 3, 1, 10)
    student = writer.gradebook.find_student("ada")
    assert (student.first_name, student.last_name) == ("Ada", "Lovelace")
    assert writer.students("mini") == {"ada"}


def test_writing_twice_changes_nothing(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True))
    before = copy.deepcopy(writer.marks("mini"))
    enter(writer, tmp_path, *result_of(True))
    assert writer.marks("mini") == before


def test_a_worse_resubmission_takes_the_points_away(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True))
    grade_by_hand(writer, "test_kl_term_values", 3)
    enter(writer, tmp_path, *result_of(False, data=b"2"))
    assert writer.marks("mini")["ada"]["score"] == 0


def test_what_a_person_graded_stays_while_the_answer_is_the_same(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True))
    grade_by_hand(writer, "question_pull", 1.5, "Good.")
    enter(writer, tmp_path, *result_of(True, data=b"2"))
    assert cells(writer)["question_pull"]["score"] == 1.5 and cells(writer)["question_pull"]["comment"] == "Good."
    enter(writer, tmp_path, *result_of(True, written="Another answer.", data=b"3"))
    assert cells(writer)["question_pull"]["score"] == 0 and cells(writer)["question_pull"]["needs_manual_grade"]
    assert cells(writer)["question_pull"]["comment"] is None


def test_no_answer_is_0_and_needs_nobody(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True, written=None))
    assert not writer.marks("mini")["ada"]["needs_manual_grade"]
    assert cells(writer)["question_pull"]["comment"] == "No response."


def test_marks_by_hand_survive_other_points_for_the_question_and_the_rest_is_new(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True))
    grade_by_hand(writer, "question_pull", 1.5, "Good.")
    grade_by_hand(writer, "test_kl_term_shape", 0.5)
    result, notebook = result_of(True)
    for part in [*result["checks"], *result["written"]]:
        part["max_points"] *= 2
        part["points"] = part["points"] and part["points"] * 2
    enter(writer, tmp_path, result, notebook)
    assert {name: cell["score"] for name, cell in cells(writer).items() if "score" in cell} == {
        "test_kl_term_shape": 0.5,
        "test_kl_term_values": 6.0,
        "test_kl_term_properties": 4.0,
        "question_pull": 1.5,
    }
    assert cells(writer)["question_pull"]["comment"] == "Good."


def test_of_a_notebook_without_its_tests_nothing_waits_once_its_answers_are_marked(writer, tmp_path):
    """nbgrader says for ever that such a submission needs manual grading."""
    notebook = answered()
    notebook.cells = [one for one in notebook.cells if not one.id.startswith("test_")]
    restored = restore.restore(as_bytes(notebook), mini())
    findings = {"stopped": None, "cells": [], "checks": {}}
    result, _ = result_of(True)
    result["checks"], result["written"] = job.score(mini(), restored.cells, findings, None)
    enter(writer, tmp_path, result, autograded.notebook(restored.cells, findings, result))
    assert writer.marks("mini")["ada"]["needs_manual_grade"]
    grade_by_hand(writer, "question_pull", 2)
    assert not writer.marks("mini")["ada"]["needs_manual_grade"]


@pytest.mark.parametrize("status, waits", [("stopped", True), ("graded", True), ("unreadable", False)])
def test_what_was_written_in_a_notebook_that_was_stopped_is_for_a_person_to_mark(writer, tmp_path, status, waits):
    result, notebook = result_of(False)
    result |= {"status": status, "reason": "The notebook was stopped at cell kl_term: its kernel died."}
    if status == "unreadable":
        result["written"][0]["points"] = 0.0
    enter(writer, tmp_path, result, notebook)
    assert writer.marks("mini")["ada"]["needs_manual_grade"] is waits


def test_formgrader_counts_who_is_in_the_gradebook_and_who_was_collected(writer, tmp_path):
    assignment.nbgrader_config()  # says who answers in formgrader's server
    config = Config()
    config.CourseDirectory.update(root=str(tmp_path), source_directory=str(COURSE / "solutions"), db_url=writer.db_url)
    asked = server.NbGraderAPI(CourseDirectory(config=config), config=config)

    def told(student="ada"):
        states = {one["student"]: (one["autograded"], one["score"]) for one in asked.get_submissions("mini")}
        assert asked.get_assignment("mini")["num_submissions"] == len(states)
        assert asked.get_submission("mini", student)["autograded"] == states[student][0]
        return states

    enter(writer, tmp_path, *result_of(True))
    write_safely(tmp_path / "autograded/ada/mini/mini.ipynb", "")
    assert told() == {"ada": (True, 6.0)} and asked.get_submitted_students("asserts") == set()
    assert [one["id"] for one in asked.get_students()] == ["ada"] and asked.get_submitted_students("*") == {"ada"}

    collected = tmp_path / "submitted/ada/mini/timestamp.txt"
    for text, graded in (("2026-03-01 10:00", True), ("", True), ("9" * 30, True), ("2026-03-01 10:01", False)):
        write_safely(collected, text)
        assert told() == {"ada": (graded, 6.0 if graded else 0.0)}, text
    write_safely(tmp_path / "submitted/ben/mini/timestamp.txt", "a fortnight ago")
    assert told("ben") == {"ada": (False, 0.0), "ben": (False, 0.0)}

    write_safely(
        collected.with_name("mini.ipynb"), as_bytes(answered(extra=[f"open({str(tmp_path / 'EFFECT')!r}, 'w')"]))
    )
    refused = asked.autograde("mini", "ada")
    assert not refused["success"] and "python -m autograde grade" in refused["log"]
    assert not (tmp_path / "EFFECT").exists() and writer.marks("mini")["ada"]["score"] == 6.0


def test_tampering_flags_the_submission_in_formgrader(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True, notes=[("tampering", "a test was edited")]))
    assert writer.gradebook.find_submission_notebook("mini", "mini", "ada").flagged


def test_withdrawn_marks_wait_for_a_grader(writer, tmp_path):
    enter(writer, tmp_path, *result_of(True))

    class Submission(Student):
        assignment = "mini"

    writer.withdraw(Submission())
    marks = writer.marks("mini")["ada"]
    assert marks["score"] == 0 and marks["needs_manual_grade"]


def test_a_failure_in_the_middle_enters_nothing(writer, tmp_path):
    result, notebook = result_of(True)
    del result["written"]  # the transaction breaks off at the written answer's points
    with pytest.raises(KeyError):
        enter(writer, tmp_path, result, notebook)
    assert writer.marks("mini") == {}


def test_a_read_only_gradebook_is_one_clear_sentence(tmp_path):
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    Writer(url).close()
    with pytest.raises(GradebookError, match="gradebook"):
        Writer(f"sqlite:///file:{tmp_path / 'gradebook.db'}?mode=ro&uri=true").prepare("mini", COURSE)


def test_an_unreachable_gradebook_is_one_clear_sentence_without_the_password():
    with pytest.raises(GradebookError) as refusal:
        Writer("postgresql+psycopg://teacher:s3cret@127.0.0.1:1/x", patience=1)
    assert "s3cret" not in str(refusal.value)


# --- feedback -------------------------------------------------------------------------------


def test_feedback_shows_what_was_graded_by_hand(writer, tmp_path):
    result, notebook = result_of(True)
    enter(writer, tmp_path, result, notebook)
    assert "6 of 8 points so far" in page(result, writer.marks("mini")["ada"])
    grade_by_hand(writer, "question_pull", 1.5, "Say why.")
    shown = page(result, writer.marks("mini")["ada"])
    assert "7.5 of 8 points" in shown and "so far" not in shown and "Say why." in shown


def test_feedback_explains_a_mistake_once_and_shows_comments_as_formgrader_does(writer, tmp_path):
    result, notebook = result_of(False)
    for number, check in enumerate(result["checks"]):
        check["verdicts"] = [
            check["verdicts"][0]
            | {
                "message": f"Wrong in {number}.",
                "mistake": "kl.mean_over_dims",
                "next_step": "Sum, see `ops.sum`.",
                "taught": "notebook 1",
            }
        ]
    enter(writer, tmp_path, result, notebook)
    grade_by_hand(writer, "question_pull", 1.5, "Say **why**: `a<b>c</b>`, [x](javascript:alert(1)).")
    shown = page(result, writer.marks("mini")["ada"])
    assert shown.count("Next step") == 1 and shown.count(", as above") == 2
    assert "<code>ops.sum</code>" in shown and "<strong>why</strong>" in shown
    assert "<b>c" not in shown and "javascript:" not in shown


def test_feedback_escapes_what_a_student_could_have_written_and_shows_no_test():
    result, _ = result_of(False)
    result["name"] = "<script>alert(1)</script>"
    shown = page(result)
    assert "It is &lt;b&gt;half&lt;/b&gt;." in shown and "<script" not in shown
    assert 'check("' not in shown and "check(&" not in shown


def test_opening_a_gradebook_leaves_the_environment_alone(tmp_path):
    before = dict(os.environ)
    Writer(f"sqlite:///{tmp_path / 'gradebook.db'}").close()
    assert dict(os.environ) == before
