"""What real classes hand in: other systems, other names, archives, files beside the notebook, and what cannot be opened."""

import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from grading_helpers import COURSE, answered, as_bytes, mini, released

from autograde import assignment, intake
from autograde.intake import files

BOOK = as_bytes(answered())
MINI = {"mini": mini()}
ENCODER = as_bytes(assignment.source_notebook("encoder", COURSE))
BOTH = {"mini": mini(), "encoder": assignment.load("encoder", COURSE)}


def zipped(contents: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.fixture(params=["folder", "zip"])
def place(request, tmp_path):
    """Puts files (and folders, whose names end in a slash) into a folder or a zip; the result must not depend on which."""

    def lay(contents):
        if request.param == "zip":
            path = tmp_path / "class.zip"
            path.write_bytes(zipped(contents))
            return path
        for name, data in contents.items():
            path = tmp_path / "class" / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        return tmp_path / "class"

    return lay


def collect(source, only=None, assignments=MINI):
    found = intake.collect(source, assignments, only)
    return {s.student: s for s in found.submissions}, found.unmatched


def notes(submission):
    return " | ".join(text for _, text in submission.notes)


# --- a zip inside a submission --------------------------------------------------------------


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


# --- other names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["mini.ipynb.txt", "mini.ipynb.json", "mini.json", "mini.txt", "mini", "MINI.IPYNB", "mini.ipynb (1)"]
)
def test_a_notebook_under_another_name_is_recognised(place, name):
    students, unmatched = collect(
        place(
            {f"user_101_201_{name}": BOOK, "user_102_202_mini.ipynb": BOOK, "user_103_203_data.json": b'{"cells": 3}'}
        ),
        "mini",
    )
    assert students["101"].read() == BOOK and students["103"].file is None and unmatched == []


@pytest.mark.parametrize(
    "data", [BOOK.decode().encode("utf-16"), b"\xef\xbb\xbf" + BOOK, b"\n " + BOOK, BOOK[: len(BOOK) // 2]]
)
def test_a_notebook_under_another_name_is_recognised_in_any_encoding_and_cut_short(place, data):
    students, _ = collect(place({"user_101_201_mini.txt": data}), "mini")
    assert students["101"].file is not None


@pytest.mark.parametrize("data", [b'{"cells": [1, 2]}', b"[]", b"# cells nbformat", b"", b'{"nbformat": 4}'])
def test_other_json_and_text_is_not_taken_for_a_notebook(place, data):
    students, _ = collect(place({"user_101_201_mini.txt": data}), "mini")
    assert students["101"].file is None and "mini.txt" in students["101"].problem


# --- Blackboard, Brightspace, others --------------------------------------------------------


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


@pytest.mark.parametrize(
    "evil, victim",
    [
        ("eve_4711_88_12_attempt_2026-10-01-11-00-00_x.ipynb", "bob_12_89_hw.ipynb"),
        ("eve_4711_88_x - 12-1 - bob - Oct 1, 2026 1100 PM - x.ipynb", "bob_12_89_hw.ipynb"),
        ("hw_eve_attempt_2026-10-01-11-00-00_hw_bob_attempt_2026-10-01-11-00-00_x.ipynb", "hw_bob_attempt_2026-10-01-10-00-00_x.ipynb"),
        ("11-7 - Eve - Oct 1, 2026 1100 PM - 12-7 - Bob - Oct 1, 2026 1100 PM - x.ipynb", "12-7 - Bob - Oct 1, 2026 1000 PM - x.ipynb"),
        ("11-7 - Eve - Oct 1, 2026 1100 PM - x_12_99_y.ipynb", "12-7 - Bob - Oct 1, 2026 1000 PM - x.ipynb"),
    ],
)  # fmt: skip
def test_no_name_of_a_file_makes_it_anothers(place, evil, victim):
    alone = collect(place({victim: BOOK}), "mini")[0]
    students, _ = collect(place({victim: BOOK, evil: BOOK}), "mini")
    (bob,) = [s for s in students.values() if s.file.path == victim]
    assert bob.superseded == [] and bob.student in alone


def test_students_whose_names_differ_by_a_date_are_pointed_out(place):
    students, _ = collect(
        place(
            dict.fromkeys(
                ["ann 2026-10-01.ipynb", "ann 2026-10-02.ipynb", "bob.ipynb", "cy_v1.ipynb", "cy_v2.ipynb"], BOOK
            )
        ),
        "mini",
    )
    assert "may be the same person as ann 2026-10-02" in notes(students["ann 2026-10-01"])
    assert "may be the same person" in notes(students["cy_v2"]) and students["bob"].notes == []


# --- nothing is dropped ---------------------------------------------------------------------


@pytest.mark.parametrize("only", [None, "mini"])
@pytest.mark.parametrize("layout", ["{}/mini/", "{}/", "{}_12_assignsubmission_file/"])
def test_files_beside_the_graded_notebook_are_named(place, layout, only):
    folder = layout.format("ann")
    students, unmatched = collect(
        place(
            {
                f"{folder}hw.ipynb": BOOK,
                f"{folder}helpers.py": b"x",
                f"{folder}hw.html": b"<p>",
                layout.format("bob").replace("12", "13") + "hw.ipynb": BOOK,
            }
        ),
        only,
    )
    (ann,) = [s for s in students.values() if s.file.path.startswith("ann")]
    assert "helpers.py" in notes(ann) and "hw.html" in notes(ann) and "beside" in notes(ann) and unmatched == []


def test_an_empty_folder_is_listed(place):
    students, unmatched = collect(place({"ann/mini/": b"", "bob/": b"", "carol/mini/mini.ipynb": BOOK}))
    assert set(students) == {"carol"}
    assert sorted(path.rstrip("/") for path, _ in unmatched) == ["ann/mini", "bob"] and all(
        "empty" in why for _, why in unmatched
    )


def test_a_class_with_nothing_but_empty_folders_is_listed(place):
    students, unmatched = collect(place({"ann/mini/": b""}))
    assert not students and len(unmatched) == 1


def test_the_notebook_of_another_assignment_is_named_and_not_graded(place):
    students, _ = collect(place({"user_1_2_mini.ipynb": ENCODER, "user_2_3_mini.ipynb": BOOK}), "mini", BOTH)
    assert students["1"].problem.startswith("This is encoder, handed in for mini")
    assert students["2"].problem is None


def everything_said(found):
    """All paths that an intake accounts for."""
    said = [path for path, _ in found.unmatched]
    for one in found.submissions:
        said += [
            *([one.file.shown] if one.file else []),
            *one.superseded,
            *(file.shown for file in one.beside.values()),
        ]
        said += (
            []
            if one.file
            else one.problem.removeprefix("No notebook was submitted, but: ").split(". Submit")[0].split(", ")
        )
    return said


@pytest.mark.parametrize("only", [None, "mini"])
def test_every_file_is_accounted_for_once(place, only):
    names = [
        "ann/mini/mini.ipynb", "ann/mini/mini (1).ipynb", "ann/mini/data/a.csv", "ann/notes.txt", "ann/encoder/encoder.ipynb",
        "bob.ipynb", "bob.json", "bob.txt", "carl/hw.zip", "carl/readme.md", "dee_1_2_x.ipynb", "dee_1_2_y.pdf",
        "x/y/z/deep.ipynb", "E_11_assignsubmission_file/x.ipynb", "E_11_assignsubmission_file/x.py", "tour.ipynb",
        "F_12_assignsubmission_file_/a/b.pdf", "stray.bin", "mini.ipynb", "a_7_7_7_7_x.ipynb",
    ]  # fmt: skip
    data = {name: BOOK if name.endswith((".ipynb", ".json")) else b"x" for name in names}
    data["carl/hw.zip"] = zipped({"hw.ipynb": BOOK, "m.py": b"x"})
    expected = sorted({*names} - {"carl/hw.zip"} | {"carl/hw.zip/hw.ipynb", "carl/hw.zip/m.py"})
    assert sorted(everything_said(intake.collect(place(data), BOTH, only))) == expected


def without_names(data):
    notebook = json.loads(data)
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    return json.dumps(notebook).encode()


@pytest.mark.parametrize("only", [None, "mini"])
def test_a_notebook_whose_cells_lost_their_names_is_known_by_their_text(place, only):
    students, unmatched = collect(place({"ada.ipynb": without_names(BOOK), "ben.ipynb": BOOK}), only, BOTH)
    assert set(students) == {"ada", "ben"} and unmatched == []
    assert {s.assignment for s in students.values()} == {"mini"} and all(s.problem is None for s in students.values())


# --- one student's folder stops nobody ------------------------------------------------------


def collected_beside(folder: Path) -> tuple[dict, list]:
    (folder / "bob" / "mini").mkdir(parents=True)
    (folder / "bob" / "mini" / "mini.ipynb").write_bytes(BOOK)
    return collect(folder, "mini")


def test_a_path_longer_than_the_system_opens_is_listed(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    os.mkdir("eve", dir_fd=here)
    folder = os.open("eve", os.O_RDONLY, dir_fd=here)
    for _ in range(30):  # below a path of more than 4096 bytes
        os.mkdir("d" * 200, dir_fd=folder)
        folder, old = os.open("d" * 200, os.O_RDONLY, dir_fd=folder), folder
        os.close(old)
    os.close(os.open("mini.ipynb", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    try:
        students, unmatched = collected_beside(tmp_path)
        assert set(students) == {"bob"}
        assert len(unmatched) == 1 and unmatched[0][0].startswith("eve/") and "cannot be opened" in unmatched[0][1]
    finally:  # pytest's own cleaning fails on such paths
        shutil.rmtree(tmp_path / "eve")
        os.close(here)


@pytest.mark.parametrize("call", ["lstat", "open", "scandir"])
def test_whatever_the_system_refuses_is_listed_and_the_others_are_graded(tmp_path, monkeypatch, call):
    (tmp_path / "eve" / "mini").mkdir(parents=True)
    (tmp_path / "eve" / "mini" / "mini.ipynb").write_bytes(BOOK)
    original = getattr(os, call)

    def refusing(path=".", *arguments, **options):
        if os.fspath(path).startswith(f"{tmp_path}/eve"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return original(path, *arguments, **options)

    monkeypatch.setattr(os, call, refusing)
    students, unmatched = collected_beside(tmp_path)
    assert set(students) == {"bob"} and len(unmatched) == 1
    assert unmatched[0][0].startswith("eve") and unmatched[0][1] == "cannot be opened (Permission denied)"


def test_a_notebook_without_an_answer_beside_one_that_cannot_be_read_is_still_a_submission(place):
    students, _ = collect(
        place({"A_11_assignsubmission_file/a.ipynb": as_bytes(released()), "A_11_assignsubmission_file/b.ipynb": b"{"}),
        "mini",
    )
    assert students["11"].file.path.endswith("a.ipynb")
