"""One id for a student, whatever number an LMS gave them for one assignment."""

import pytest

from autograde.intake import IntakeError, Submission
from autograde.roster import Roster

TEXT = "student,name,02_vae,01_kl_term\nada,Ada Lovelace,1234501,7654321\nben,Ben Bo,1234502,\nkim1,Kim,,\nkim2,Kim,,\n"


def roster(tmp_path, text=TEXT):
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Roster(path)


def renamed(book, *submissions):
    return [(one.student, one.assignment) for one in book.rename(Submission(*one) for one in submissions)]


def test_numbers_that_differ_by_assignment_are_one_student(tmp_path):
    book = roster(tmp_path)
    assert renamed(book, ("1234501", "02_vae"), ("7654321", "01_kl_term")) == [("ada", "02_vae"), ("ada", "01_kl_term")]


@pytest.mark.parametrize(
    "name, expected", [("Ben Bo", "ben"), ("  BEN   BO ", "ben"), ("Kim", "99"), ("Nobody", "99"), ("", "99")]
)
def test_a_name_counts_if_one_student_has_it(tmp_path, name, expected):
    (one,) = roster(tmp_path).rename([Submission("99", "x", name=name)])
    assert one.student == expected and ("not in the roster" in str(one.notes)) == (expected == "99")


def test_two_submissions_of_one_student_keep_their_names_and_say_so(tmp_path):
    book = roster(tmp_path)
    both = book.rename([Submission("1234501", "02_vae"), Submission("x", "02_vae", name="Ada Lovelace")])
    assert [one.student for one in both] == ["1234501", "x"] and all(
        "several submissions" in str(one.notes) for one in both
    )


def test_a_missing_name_is_the_rosters(tmp_path):
    (one,) = roster(tmp_path).rename([Submission("1234501", "02_vae")])
    assert one.name == "Ada Lovelace"


@pytest.mark.parametrize("text", [b"", b"student\n", b"\xff\xfe\x00", "student,name\na,x\na,y\n"])
def test_a_roster_that_cannot_be_used_says_why(tmp_path, text):
    with pytest.raises(IntakeError, match="roster"):
        roster(tmp_path, text)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_and_headings_are_read(tmp_path, separator):
    book = roster(tmp_path, "\ufeffMatrikel,Moodle\nada,5\nben,6\n".replace(",", separator))
    assert renamed(book, ("5", "x")) == [("ada", "x")]
