"""What nbgrader's real exchange leaves is what the grader takes in, and what the grader writes is what it hands back."""

import shutil

import jupytext
import nbformat
import pytest
from grading_helpers import COURSE, NAME, RIGHT, answered, mini
from nbgrader.auth import Authenticator
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from traitlets.config import Config

from autograde import intake
from autograde import pipeline as run_
from autograde.cli import publish

pytestmark = pytest.mark.sandbox


def test_release_fetch_submit_collect_grade_and_release_feedback(tmp_path, monkeypatch):
    teacher, student, exchange = (tmp_path / name for name in ("teacher", "student", "exchange"))
    for folder in (teacher / "source" / NAME, student, exchange):
        folder.mkdir(parents=True)
    exchange.chmod(0o777)
    jupytext.write(
        jupytext.read(COURSE / "solutions" / NAME / f"{NAME}.py"), teacher / "source" / NAME / f"{NAME}.ipynb"
    )
    config = Config()
    config.CourseDirectory.course_id = "mini_course"
    config.CourseDirectory.root = str(teacher)
    config.CourseDirectory.db_url = f"sqlite:///{teacher / 'gradebook.db'}"
    config.Exchange.root = str(exchange)
    config.Exchange.assignment_dir = str(student)
    config.Exchange.cache = str(tmp_path / "cache")

    def do(step):
        coursedir = CourseDirectory(config=config, assignment_id=NAME)
        extra = {} if step is GenerateAssignment else {"authenticator": Authenticator(config=config)}
        step(coursedir=coursedir, config=config, **extra).start()

    do(GenerateAssignment)
    do(ExchangeReleaseAssignment)
    monkeypatch.chdir(student)
    do(ExchangeFetchAssignment)
    fetched = student / NAME / f"{NAME}.ipynb"
    assert "kl_term.properties" not in fetched.read_text()
    nbformat.write(answered(RIGHT), fetched)
    do(ExchangeSubmit)
    monkeypatch.chdir(teacher)
    do(ExchangeCollect)

    found = intake.collect(teacher / "submitted", {NAME: mini()})
    assert found.unmatched == [] and len(found.submissions) == 1
    (submission,) = found.submissions
    assert submission.assignment == NAME and submission.timestamp is not None and submission.notes == []
    assert b"ops.square(z_mean)" in submission.read()

    said = []
    summary = run_.run(run_.Settings(teacher / "submitted", teacher, COURSE, NAME), said.append)
    assert summary.graded == 1 and not summary.unrecorded, said
    publish(teacher, f"sqlite:///{teacher / 'gradebook.db'}")
    do(ExchangeReleaseFeedback)
    monkeypatch.chdir(student)
    do(ExchangeFetchFeedback)
    (fetched_page,) = student.glob(f"{NAME}/feedback/*/{NAME}.html")
    assert "6 of 8 points so far" in fetched_page.read_text(encoding="utf-8")
    shutil.rmtree(exchange)
