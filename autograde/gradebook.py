"""The one writer of nbgrader's gradebook: a transaction for each submission.

Uses nbgrader's own tables (``nbgrader.api``) but not its methods for writing, each of
which commits on its own: here a submission is in the gradebook as a whole or not at all.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import nbgrader
from alembic.config import Config
from alembic.script import ScriptDirectory
from nbgrader import api
from nbgrader.preprocessors import SaveCells
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import ArgumentError, DBAPIError

from autograde.assignment import source_notebook
from autograde.cells import folder_of, stem_of
from autograde.intake import Submission
from autograde.result import Result

T = TypeVar("T")
COURSE_ID = "vae"


class GradebookError(RuntimeError):
    """The gradebook cannot be read or written now; results are kept, a rerun writes them."""


def address(db_url: str) -> URL:
    """SQLAlchemy's URL of a gradebook; nothing is connected to.

    Raises :class:`GradebookError` where there can be none, and repeats nothing of it: a password may stand anywhere.
    """
    try:
        return create_engine(db_url).url
    except ImportError as missing:
        why = f"its driver is not installed here ({str(missing).splitlines()[0]})"
    except (ArgumentError, ValueError):
        why = "it is no address of a database that nbgrader can use"
    raise GradebookError(
        f"--db-url cannot be used: {why}. Expected is sqlite:///path/to/gradebook.db or "
        "postgresql+psycopg://user@host/name."
    )


class Writer:
    """Writes results into the gradebook at ``db_url`` (SQLite or PostgreSQL).

    ``patience``: seconds to wait for a database that somebody else has locked.
    """

    def __init__(self, db_url: str, patience: float = 60.0) -> None:
        self.db_url, self.patience = db_url, patience
        self.address = address(db_url)
        # nbgrader starts a program, of which it knows the name only, and waits three seconds for it.
        with mock.patch.object(api, "get_alembic_version", _version_of_new_gradebooks):
            self.gradebook = self._try(lambda: api.Gradebook(db_url, COURSE_ID))

    def close(self) -> None:
        self.gradebook.close()

    def _try(self, action: Callable[[], T]) -> T:
        """Run ``action``; wait while the database is locked, and say so plainly when it stays so."""
        until = time.monotonic() + self.patience
        while True:
            try:
                return action()
            except (DBAPIError, api.InvalidEntry) as error:  # nbgrader turns the first into the second
                self._rollback()
                reason = str(getattr(error, "orig", error)).splitlines()[0]
                if "locked" not in reason or time.monotonic() > until:
                    raise GradebookError(f"the gradebook {self._shown()} cannot be used: {reason}") from None
                time.sleep(0.5)
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        if hasattr(self, "gradebook"):
            self.gradebook.db.rollback()

    def _shown(self) -> str:
        return f"{self.address.drivername}://{self.address.host or ''}/{self.address.database}"  # no password on the screen

    def prepare(self, name: str, course: Path) -> None:
        """Enter a notebook's cells, as ``nbgrader generate_assignment`` does. Raises :class:`GradebookError`."""

        def enter() -> None:
            self.gradebook.update_or_create_assignment(folder_of(name))
            SaveCells().preprocess(
                source_notebook(name, course),
                {
                    "nbgrader": {
                        "notebook": stem_of(name),
                        "assignment": folder_of(name),
                        "db_url": self.db_url,
                        "course_id": COURSE_ID,
                    }
                },
            )
            self.gradebook.db.expire_all()

        try:
            self._try(enter)
        except RuntimeError as error:
            if isinstance(error, GradebookError):
                raise
            raise GradebookError(
                f"{name}: {error}. The assignment has other cells now than when it was graded: "
                "use another --out, or remove its submissions from the gradebook."
            ) from None

    def students(self, name: str) -> set[str]:
        """Ids of the students who have a submission of the notebook ``name`` in the gradebook."""
        query = (
            self.gradebook.db.query(api.SubmittedAssignment.student_id)
            .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Notebook, api.SubmittedNotebook.notebook_id == api.Notebook.id)
            .join(api.Assignment, api.Notebook.assignment_id == api.Assignment.id)
            .filter(api.Assignment.name == folder_of(name), api.Notebook.name == stem_of(name))
        )
        found = self._try(lambda: {row[0] for row in query.all()})
        self._rollback()
        return found

    def write(self, result: Result, submission: Submission, notebook: Path, previous: Path) -> None:
        """Enter one result, in one transaction.

        ``notebook`` and ``previous`` are the paths of the autograded notebook and of the
        one it replaces: what a person has graded stays if what they saw is unchanged. Raises :class:`GradebookError`.
        """
        same_file, same_answers = _unchanged(notebook, previous)
        self._try(lambda: self._write(result, submission, same_file, same_answers))

    def _write(self, result: Result, submission: Submission, same_file: bool, same_answers: set[str]) -> None:
        """Rows are tied by their ids: an object tied to another one has SQLAlchemy load the rows of the whole class."""
        db = self.gradebook.db
        assignment_id, notebook_id = (
            db.query(api.Assignment.id, api.Notebook.id)
            .join(api.Notebook, api.Notebook.assignment_id == api.Assignment.id)
            .filter(
                api.Assignment.name == folder_of(result["assignment"]),
                api.Notebook.name == stem_of(result["assignment"]),
            )
            .one()
        )
        if db.get(api.Student, submission.student) is None:
            first, _, last = submission.name.rpartition(" ")
            db.add(api.Student(id=submission.student, first_name=first or None, last_name=last or None))
        entry = self._row(api.SubmittedAssignment, assignment_id=assignment_id, student_id=submission.student)
        entry.timestamp = submission.timestamp
        submitted = self._row(api.SubmittedNotebook, assignment_id=entry.id, notebook_id=notebook_id)
        submitted.flagged = any(kind == "tampering" for kind, _ in result["notes"])

        def cells(*kinds: Any) -> list[tuple[str, str]]:
            return [row for kind in kinds for row in db.query(kind.id, kind.name).filter_by(notebook_id=notebook_id)]

        points = {graded["grade_id"]: graded["points"] for graded in [*result["checks"], *result["written"]]}
        grades = {grade.cell_id: grade for grade in db.query(api.Grade).filter_by(notebook_id=submitted.id)}
        for cell_id, name in cells(api.GradeCell, api.TaskCell):
            grade = grades.get(cell_id)
            if grade is None:
                grade = api.Grade(cell_id=cell_id, notebook_id=submitted.id)
                db.add(grade)
            grade.auto_score = points[name]
            if not (same_file or name in same_answers):
                grade.manual_score = grade.extra_credit = None
            grade.needs_manual_grade = grade.auto_score is None and grade.manual_score is None
        comments = {comment.cell_id: comment for comment in db.query(api.Comment).filter_by(notebook_id=submitted.id)}
        for cell_id, name in cells(api.SolutionCell, api.TaskCell):
            comment = comments.get(cell_id)
            if comment is None:
                comment = api.Comment(cell_id=cell_id, notebook_id=submitted.id)
                db.add(comment)
            unanswered = name in points and points[name] == 0
            comment.auto_comment = result["reason"] or ("No response." if unanswered else None)
            if not (same_file or name in same_answers):
                comment.manual_comment = None
        db.commit()
        db.expunge_all()  # the next submission reads anew what a person may have changed

    def _row(self, table: Any, **ids: str) -> Any:
        """The row with these ids, which is made where there is none."""
        row = self.gradebook.db.query(table).filter_by(**ids).one_or_none()
        if row is None:
            row = table(**ids)
            self.gradebook.db.add(row)
            self.gradebook.db.flush()  # it has an id of its own now
        return row

    def withdraw(self, submission: Submission) -> None:
        """Take back the marks of an earlier file: a newer one exists, and could not be graded."""

        def clear() -> None:
            db = self.gradebook.db
            entry = (
                db.query(api.SubmittedAssignment)
                .join(api.Assignment)
                .filter(
                    api.Assignment.name == folder_of(submission.assignment),
                    api.SubmittedAssignment.student_id == submission.student,
                )
                .one_or_none()
            )
            if entry is not None:
                for notebook in _called(entry, submission.assignment):
                    for grade in notebook.grades:
                        grade.auto_score = grade.manual_score = grade.extra_credit = None
                        grade.needs_manual_grade = True
            db.commit()

        self._try(clear)

    def marks(self, name: str) -> dict[str, dict[str, Any]]:
        """``{student: {"score", "max_score", "needs_manual_grade", "penalty", "cells": {id: …}}}`` of a notebook, manual grades in.

        The penalty, for being late, is that of the whole assignment.
        """

        def read() -> dict[str, dict[str, Any]]:
            found: dict[str, dict[str, Any]] = {}
            assignment = self.gradebook.db.query(api.Assignment).filter_by(name=folder_of(name)).one_or_none()
            for entry in assignment.submissions if assignment else []:
                for notebook in _called(entry, name):
                    cells = {
                        grade.name: {
                            "score": grade.score,
                            "manual": grade.manual_score is not None,
                            "comment": None,
                            "needs_manual_grade": grade.needs_manual_grade,
                        }
                        for grade in notebook.grades
                    }
                    for comment in notebook.comments:
                        cells.setdefault(comment.name, {})["comment"] = comment.comment
                    found[entry.student_id] = {
                        "score": notebook.score,
                        "max_score": notebook.max_score,
                        "timestamp": entry.timestamp,
                        "cells": cells,
                        "needs_manual_grade": notebook.needs_manual_grade,
                        "penalty": entry.late_submission_penalty,
                    }
            return found

        found = self._try(read)
        self._rollback()
        return found


def _called(entry: Any, name: str) -> list[Any]:
    """The notebook ``name`` of a submission in the gradebook: a list with it, or none."""
    return [notebook for notebook in entry.notebooks if notebook.name == stem_of(name)]


def _version_of_new_gradebooks() -> str | None:
    """The newest version of nbgrader's tables, as Alembic finds it among nbgrader's files."""
    config = Config()
    config.set_main_option("script_location", str(Path(nbgrader.__file__).with_name("alembic")))
    return ScriptDirectory.from_config(config).get_current_head()


def _unchanged(notebook: Path, previous: Path) -> tuple[bool, set[str]]:
    """Whether the whole submission is the one seen before, and ids of the answers that are."""
    try:
        new, old = (json.loads(Path(path).read_text(encoding="utf-8")) for path in (notebook, previous))
        same_file = old["metadata"]["autograde"]["sha256"] == new["metadata"]["autograde"]["sha256"]
        before, now = _answers(old), _answers(new)
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is not the grader's
        return False, set()
    return same_file, {name for name, answer in now.items() if before.get(name) == answer}


def _answers(notebook: dict[str, Any]) -> dict[str, tuple]:
    """What the student wrote in each cell that is theirs; not the tests, whose text says nothing of them."""
    marked = [(cell["metadata"].get("nbgrader"), cell) for cell in notebook["cells"]]
    return {
        nbgrader["grade_id"]: (cell["source"], cell.get("attachments"))
        for nbgrader, cell in marked
        if nbgrader and nbgrader["solution"]
    }
