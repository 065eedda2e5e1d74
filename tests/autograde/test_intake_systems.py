"""How systems name what a class hands in: nbgrader, Moodle, Canvas, Blackboard, Brightspace, Sakai, ILIAS, a flat folder."""

import pytest
from grading_helpers import as_bytes, load_all
from handed_in import BOOK, BOTH, ENCODER, collect, lay

from autograde import assignment, intake


def test_nbgraders_submitted_folder(place):
    students, unmatched = collect(
        place(
            {
                "alice/mini/mini.ipynb": BOOK,
                "alice/mini/timestamp.txt": b"2026-03-01 10:00:00.000000 UTC",
                "bob/mini/mini.ipynb": BOOK,
                "bob/mini/timestamp.txt": b"yesterday",
            }
        )
    )
    assert sorted(students) == ["alice", "bob"] and unmatched == []
    assert f"{students['alice'].timestamp:%Y-%m-%d %H:%M}" == "2026-03-01 10:00"
    assert students["bob"].timestamp is None and "timestamp.txt" in students["bob"].notes[0][1]


def test_a_timestamp_in_the_future_is_flagged_and_ignored(place):
    students, _ = collect(
        place({"alice/mini/mini.ipynb": BOOK, "alice/mini/timestamp.txt": b"2190-01-01 00:00:00 UTC"})
    )
    assert students["alice"].timestamp is None and students["alice"].notes[0][0] == "tampering"


def test_a_receipt_among_a_students_own_files_does_not_replace_the_exchanges(place):
    students, _ = collect(
        place(
            {
                "ann/mini/mini.ipynb": BOOK,
                "ann/mini/timestamp.txt": b"2026-03-09 10:00:00 UTC",
                "ann/mini/a/timestamp.txt": b"2026-03-01 10:00:00 UTC",
            }
        )
    )
    assert students["ann"].timestamp.day == 9


def test_moodles_folders_and_files(place):
    students, unmatched = collect(
        place(
            {
                "Ada Lovelace_4711_assignsubmission_file_/my work.ipynb": BOOK,
                "Émilie du Châtelet_12_assignsubmission_file_mini.ipynb": BOOK,
                "No Book_99_assignsubmission_file_/essay.pdf": b"%PDF",
            }
        ),
        "mini",
    )
    assert {s: students[s].name for s in students} == {
        "4711": "Ada Lovelace",
        "12": "Émilie du Châtelet",
        "99": "No Book",
    }
    assert students["99"].file is None and "essay.pdf" in students["99"].problem
    assert unmatched == []


def test_moodles_folders_as_they_are_named_today(place):
    students, unmatched = collect(
        place(
            {
                "Ada Lovelace_4711_assignsubmission_file/kl.ipynb": BOOK,
                "Ben Bo_12_assignsubmission_file/kl.ipynb": BOOK,
                "Cyd_13_assignsubmission_file/essay.pdf": b"%PDF",
                "Dee_14_assignsubmission_onlinetext/onlinetext.html": b"<p>",
            }
        ),
        "mini",
    )
    assert {s: students[s].name for s in students} == {"4711": "Ada Lovelace", "12": "Ben Bo", "13": "Cyd", "14": "Dee"}
    assert students["13"].file is None and unmatched == []


def test_canvas_names_attempts_and_late_marks(place):
    students, unmatched = collect(
        place(
            {
                "lovelaceada_4711_88001_mini.ipynb": BOOK,
                "lovelaceada_4711_88002_mini-1.ipynb": BOOK,
                "hopper_LATE_12_88003_mini (2).ipynb": BOOK,
            }
        ),
        "mini",
    )
    assert sorted(students) == ["12", "4711"] and unmatched == []
    assert students["12"].late and not students["4711"].late
    assert students["4711"].file.path == "lovelaceada_4711_88002_mini-1.ipynb"
    assert students["4711"].superseded == ["lovelaceada_4711_88001_mini.ipynb"]


def test_canvas_names_of_anonymous_students(place):
    students, unmatched = collect(
        place(
            {
                "anon_aB3x9_88001_mini.ipynb": BOOK,
                "anon_aB3x9_88002_mini-1.ipynb": BOOK,
                "anon_Ab3x9_88004_mini.ipynb": BOOK,
                "LATE_anon_77KqZ_88003_mini.ipynb": BOOK,
                "anon_12345_88005_essay.pdf": b"%PDF",
                "anon_aB3x9_88006_Bob_12_assignsubmission_file_mini-9.ipynb": BOOK,
            }
        ),
        "mini",
    )
    assert sorted(students) == ["anon_12345", "anon_77KqZ", "anon_Ab3x9", "anon_aB3x9"]
    assert [s for s in students if students[s].late] == ["anon_77KqZ"]
    assert students["anon_aB3x9"].superseded == ["anon_aB3x9_88001_mini.ipynb"]
    assert [reason for _, reason in unmatched] == ["its name holds the numbers of several students: 12, anon_aB3x9"]


@pytest.mark.parametrize("title", ["mini", "Homework 3", "Lab_2"])
def test_blackboards_attempts_are_one_students_and_the_last_counts(place, title):
    made = {
        f"{title}_user1_attempt_2026-10-01-11-00-00.txt": b"Name: Ada Lovelace (user1)\nAssignment: x\n",
        f"{title}_user1_attempt_2026-10-01-11-00-00_mini.ipynb": BOOK,
        f"{title}_user1_attempt_2026-10-02-17-30-00_mini.ipynb": BOOK,
        f"{title}_zoe_attempt_2026-10-01-11-00-00_hw.ipynb": BOOK,
        f"{title}_kim_attempt_2026-10-01-11-00-00_essay.pdf": b"%PDF",
    }
    students, unmatched = collect(place(made), "mini")
    assert set(students) == {"user1", "zoe", "kim"} and unmatched == []
    assert "10-02" in students["user1"].file.path and len(students["user1"].superseded) == 1
    assert students["user1"].name == "Ada Lovelace" and students["kim"].file is None


def test_one_blackboard_student_is_called_by_the_users_name(place):
    students, _ = collect(place({"Homework 3_user1_attempt_2026-10-01-11-00-00_mini.ipynb": BOOK}), "mini")
    assert set(students) == {"user1"}


@pytest.mark.parametrize("form", ["{} - mini.ipynb", "{}/mini.ipynb", "{}/my own.ipynb"])
def test_brightspaces_attempts_are_one_students_and_the_last_counts(place, form):
    who = [
        "123456-7890 - ADA LOVELACE - Oct 1, 2026 1100 PM",
        "123456-7890 - ADA LOVELACE - Oct 2, 2026 900 AM",
        "77-7890 - Émil Du-Pont - Sept 30, 2026 100 PM",
    ]
    students, unmatched = collect(place({form.format(name): BOOK for name in who}), "mini")
    assert set(students) == {"123456", "77"} and unmatched == []
    assert students["123456"].name == "ADA LOVELACE" and students["77"].name == "Émil Du-Pont"
    assert "Oct 2" in students["123456"].file.path and len(students["123456"].superseded) == 1


@pytest.mark.parametrize("only", [None, "mini"])
@pytest.mark.parametrize(
    "form", ["Homework 1/{}(id)/Submission attachment(s)/mini.ipynb", "Exercise/Abgaben/{}_id_123/my own.ipynb"]
)
def test_sakais_and_iliass_folders_are_one_a_student(place, form, only):
    """Sakai: ``Title/Last, First(user)/Submission attachment(s)/``; ILIAS: ``…/Last_First_user_number/``."""
    names = [
        form.format(who).replace("id", f"u{i}") for i, who in enumerate(("Lovelace, Ada", "Bo_Ben", "Chatelet_Émil"))
    ]
    students, unmatched = collect(place(dict.fromkeys(names, BOOK)), only)
    assert len(students) == 3 and unmatched == [] and all(one.read() == BOOK for one in students.values())
    assert {one.file.path for one in students.values()} == set(names)


def test_a_flat_folder_recognises_the_assignment_by_the_cells(place):
    students, unmatched = collect(
        place(
            {
                "alice.ipynb": BOOK,
                "mini_bob.ipynb": BOOK,
                "chloé dùpont 🎓.ipynb": BOOK,
                "notes.txt": b"x",
                "other.ipynb": b'{"cells": [{"cell_type": "code", "source": "1"}]}',
            }
        )
    )
    assert sorted(students) == ["alice", "bob", "chloé dùpont 🎓"]
    assert dict(unmatched) == {
        "notes.txt": "not a notebook",
        "other.ipynb": "cannot tell which assignment it is: pass --assignment",
    }


def test_each_graded_assignment_of_the_course_is_recognised_without_naming_it(tmp_path):
    graded = load_all()
    assert len(graded) >= 4
    for name in graded:
        book = assignment.source_notebook(name)
        for place in (f"ada/{name}/{name}.ipynb", f"flat-{name}.ipynb"):
            lay(tmp_path / "class", {place: as_bytes(book)})
    found = intake.collect(tmp_path / "class", graded)
    assert (
        sorted((s.student, s.assignment) for s in found.submissions)
        == sorted([("ada", name) for name in graded] + [("flat", name) for name in graded])
        and found.unmatched == []
    )


def test_in_one_folder_for_each_assignment_students_are_named_again(place):
    found = intake.collect(
        place({"mini/alice.ipynb": BOOK, "mini/bob.ipynb": b"{", "encoder/alice.ipynb": ENCODER}), BOTH
    )
    assert [(s.student, s.assignment) for s in found.submissions] == [
        ("alice", "encoder"),
        ("alice", "mini"),
        ("bob", "mini"),
    ]
    assert found.unmatched == []
