"""A zip that a student hands in: looked into once, and what it holds says nothing of others."""

import pytest
from handed_in import BOOK, BOTH, ENCODER, collect, notes, zipped

from autograde import intake
from autograde.intake import files


@pytest.mark.parametrize(
    "outer, student",
    [
        ("Wei_1234503_assignsubmission_file/submission.zip", "1234503"),
        ("lovelace_4711_88001_homework.zip", "4711"),
        ("alice/mini/mini.zip", "alice"),
        ("alice/anything.zip", "alice"),
        ("alice.zip", "alice"),
        ("alice/mini/mini.ipynb", "alice"),  # a zip by its content
    ],
)
@pytest.mark.parametrize("inner", ["mini.ipynb", "folder/deep/mine.ipynb", "__MACOSX/._x", "mini.ipynb.txt"])
@pytest.mark.parametrize("only", [None, "mini"])
def test_a_notebook_in_a_zip_is_graded_and_its_other_files_are_named(place, outer, student, inner, only):
    contents = {"hw.ipynb" if "MACOSX" in inner else inner: BOOK, "helpers.py": b"x = 1", "__MACOSX/._hw": b"x"}
    students, unmatched = collect(place({outer: zipped(contents), "bob/mini/mini.ipynb": BOOK}), only)
    if outer == "alice.zip":  # beside folders of students a file without a notebook's name is nobody's
        assert set(students) == {"alice", "bob"}
    assert students[student].read() == BOOK and unmatched == []
    assert outer in notes(students[student]) and "helpers.py" in notes(students[student])
    assert students["bob"].notes == []


def test_of_a_zip_with_two_assignments_the_right_one_is_graded(place):
    contents = zipped({"a.ipynb": ENCODER, "b.ipynb": BOOK})
    students, _ = collect(place({"wong_20004_88_work.zip": contents}), "mini", BOTH)
    assert students["20004"].read() == BOOK and "a.ipynb" in notes(students["20004"])
    found = intake.collect(place({"wong_20004_88_work.zip": contents}), BOTH)
    assert sorted((s.assignment, s.read()) for s in found.submissions) == [("encoder", ENCODER), ("mini", BOOK)]


@pytest.mark.parametrize(
    "contents",
    [
        b"PK\x03\x04 cut short",
        zipped({"essay.pdf": b"%PDF"}),
        zipped({"again.zip": zipped({"hw.ipynb": BOOK})}),
        zipped({}),
    ],
)
def test_a_zip_without_a_readable_notebook_is_a_file_like_any_other(place, contents):
    students, unmatched = collect(
        place({"A_11_assignsubmission_file/hw.zip": contents, "B_12_assignsubmission_file/b.ipynb": BOOK}), "mini"
    )
    assert students["11"].file is None and "hw.zip" in students["11"].problem and unmatched == []


def test_a_zip_with_too_many_members_is_not_looked_into(place, monkeypatch):
    monkeypatch.setattr(files, "MAX_MEMBERS", 3)
    contents = zipped({f"{i}.ipynb": BOOK for i in range(4)})
    students, _ = collect(place({"A_11_assignsubmission_file/hw.zip": contents}), "mini")
    assert students["11"].file is None


def test_a_zip_of_a_class_inside_a_folder_is_listed_and_not_taken_for_a_student(place):
    moodle = zipped({f"{n}_{i}_assignsubmission_file/hw.ipynb": BOOK for i, n in enumerate("AB", 11)})
    students, unmatched = collect(place({"download.zip": moodle, "alice.ipynb": BOOK}), "mini")
    assert set(students) == {"alice"}
    assert unmatched == [("download.zip", "holds the files of several students: unpack it, or grade it by itself")]


def test_names_in_a_students_zip_say_nothing_of_others(place):
    evil = zipped(
        {"12/mini/mini.ipynb": BOOK, "Bob_12_assignsubmission_file/mini.ipynb": BOOK, "x_12_99_mini.ipynb": BOOK}
    )
    honest = {"Bob_12_assignsubmission_file/hw.ipynb": BOOK}
    students, _ = collect(place({"Eve_11_assignsubmission_file/hw.zip": evil} | honest), "mini")
    assert sorted(students) == ["11", "12"] and students["12"].file.path == "Bob_12_assignsubmission_file/hw.ipynb"
    assert students["12"].superseded == []
