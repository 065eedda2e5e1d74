"""What an LMS imports has the names and columns that its importer requires, and no mark that is not final."""

import csv
import io
import zipfile

import pytest
from nbgrader.api import Gradebook

from autograde import exports, plugins


def line(student="ada", **changes):
    made = {
        "student": student, "name": "", "assignment": "mini", "score": 6.0, "max_score": 8.0, "automatic": 6.0, "to_grade": False,
        "status": "graded", "late": False, "reason": "", "cells": {"test_a": 6.0, "question_b": 2.0}, "origin": {},
        "pages": [f"feedback/{student}/mini.html"],
    }  # fmt: skip
    return made | changes


def write(out, *lines, **options):
    for one in lines:
        for page in one["pages"]:
            (out / page).parent.mkdir(parents=True, exist_ok=True)
            (out / page).write_text(f"page of {one['student']}")
    exports.write_all(out, lines, **options)
    return out


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


MOODLE = {"system": "moodle", "number": "1234501", "name": "M1 Nováková", "prefix": ""}


def moodles_reading(path):
    """As Moodle's importer reads a path in the zip: the participant, the plugin and the file's name, or None."""
    parts = path.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignfeedback", "file"]:
            return info[1], "/".join([*info[4:], *parts]).lstrip("/")
    return None


@pytest.mark.parametrize("name", ["M1 Nováková", "under_scored_name", "", "a/b\\c", "x_99_assignfeedback_file"])
def test_moodles_importer_finds_each_students_page(tmp_path, name):
    write(tmp_path, line("1234501", name=name, origin=MOODLE), line("bob"))
    with zipfile.ZipFile(tmp_path / "moodle_feedback_mini.zip") as archive:
        (path,) = archive.namelist()
        assert moodles_reading(path) == ("1234501", "mini.html") and archive.read(path) == b"page of 1234501"


def test_canvas_gets_pages_under_the_names_of_its_download(tmp_path):
    prefix = "lovelaceada_LATE_4711_88001_"
    write(
        tmp_path, line("4711", origin={"system": "canvas", "number": "4711", "name": "lovelaceada", "prefix": prefix})
    )
    with zipfile.ZipFile(tmp_path / "canvas_feedback_mini.zip") as archive:
        assert archive.namelist() == ["lovelaceada_LATE_4711_88001_mini.html"]


def test_the_same_pages_give_the_same_zip(tmp_path):
    zips = [write(tmp_path / name, line("1234501", origin=MOODLE)) / "moodle_feedback_mini.zip" for name in "ab"]
    assert zips[0].read_bytes() == zips[1].read_bytes()


def test_where_nobody_came_from_an_lms_there_is_no_zip(tmp_path):
    write(tmp_path, line())
    assert not list(tmp_path.glob("*.zip"))


def test_a_mark_that_waits_for_a_person_is_blank_for_an_lms_and_said_to_wait_in_marks(tmp_path):
    write(tmp_path, line("1", to_grade=True), line("2"))
    assert [row[2] for row in rows(tmp_path / "moodle_mini.csv")[1:]] == ["", "6.0"]
    assert [row[-1] for row in rows(tmp_path / "canvas_mini.csv")[2:]] == ["", "6.0"]
    marks = rows(tmp_path / "marks.csv")
    assert [row[marks[0].index("to_grade")] for row in marks[1:]] == ["True", "False"]


@pytest.mark.parametrize(
    "out_of, expected",
    [({"": 100.0}, "75.0"), ({"mini": 20.0, "": 100.0}, "15.0"), ({"other": 3.0}, "6.0"), (None, "6.0")],
)
def test_marks_are_scaled_for_an_lms_and_not_in_marks_csv(tmp_path, out_of, expected):
    write(tmp_path, line(), out_of=out_of)
    moodle, canvas = rows(tmp_path / "moodle_mini.csv"), rows(tmp_path / "canvas_mini.csv")
    assert moodle[1][2] == canvas[2][5] == expected and moodle[1][3] == canvas[1][5]
    assert float(moodle[1][2]) / float(moodle[1][3]) == 0.75 and rows(tmp_path / "marks.csv")[1][3] == "6.0"


def test_an_lms_is_told_its_own_number_where_the_roster_gave_another_id(tmp_path):
    write(tmp_path, line("ada", name="Ada", origin=MOODLE))
    assert rows(tmp_path / "moodle_mini.csv")[1][0] == "Participant 1234501"
    assert rows(tmp_path / "canvas_mini.csv")[2][1] == "1234501"
    assert rows(tmp_path / "marks.csv")[1][0] == "ada"


def test_marks_have_a_column_for_each_question(tmp_path):
    write(tmp_path, line(cells={"test_a": 3.0, "q": None}), line("bob", assignment="other", cells={"test_z": 1.5}))
    head, ada, bob = rows(tmp_path / "marks.csv")
    assert head[-3:] == ["test_a", "q", "test_z"] and ada[-3:] == ["3.0", "", ""] and bob[-3:] == ["", "", "1.5"]


# --- nbgrader's own export ------------------------------------------------------------------


@pytest.fixture
def gradebook(tmp_path):
    """Stock nbgrader's gradebook: ada is graded, ben waits for a person, cyd handed in nothing."""
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}")
    book.add_assignment("ps1")
    book.add_notebook("problem1", "ps1")
    book.add_grade_cell("test_a", "problem1", "ps1", max_score=8, cell_type="code")
    for student, first, lms in (("ada", "Ada", "4711"), ("ben", None, None), ("cyd", "Cyd", None)):
        book.add_student(student, first_name=first, last_name=None, lms_user_id=lms)
    for student, score in (("ada", 6.0), ("ben", None)):
        book.add_submission("ps1", student)
        grade = book.find_grade("test_a", "problem1", "ps1", student)
        grade.auto_score, grade.needs_manual_grade = score, score is None
    book.db.commit()
    yield book
    book.close()


def test_any_gradebook_is_exported_for_an_lms(gradebook, tmp_path):
    plugins.MoodleExportPlugin(to=str(tmp_path / "out")).export(gradebook)
    plugins.CanvasExportPlugin(to=str(tmp_path / "out"), out_of=100.0).export(gradebook)
    assert [row[:4] for row in rows(tmp_path / "out" / "moodle_ps1.csv")[1:]] == [
        ["Participant 4711", "Ada", "6.0", "8.0"],
        ["Participant ben", "", "", "8.0"],
    ]
    assert [[row[1], row[5]] for row in rows(tmp_path / "out" / "canvas_ps1.csv")[2:]] == [
        ["4711", "75.0"],
        ["ben", ""],
    ]


def test_an_export_of_some_students_and_assignments(gradebook, tmp_path):
    plugins.MoodleExportPlugin(to=str(tmp_path / "out"), assignment=["other"]).export(gradebook)
    assert not list((tmp_path / "out").iterdir())
    plugins.MoodleExportPlugin(to=str(tmp_path / "out"), student=["ben"]).export(gradebook)
    assert len(rows(tmp_path / "out" / "moodle_ps1.csv")) == 2
