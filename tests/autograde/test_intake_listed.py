"""Nothing is dropped: every file is somebody's, superseded, beside a notebook, or listed with a reason."""

import pytest
from handed_in import BOOK, BOTH, collect, lay, notes, zipped

from autograde import intake


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


def test_litter_is_ignored(place):
    students, unmatched = collect(
        place(
            {
                "alice.ipynb": BOOK,
                "__MACOSX/._alice.ipynb": b"x",
                ".DS_Store": b"x",
                ".ipynb_checkpoints/alice-checkpoint.ipynb": BOOK,
            }
        )
    )
    assert list(students) == ["alice"] and unmatched == []


def test_litter_is_listed_where_it_is_all_of_a_student_and_may_be_of_any_assignment(place):
    students, unmatched = collect(
        place({"ann/.DS_Store": b"x", "bob/hw.ipynb": BOOK, "bob/.DS_Store": b"x", "carol/hw.ipynb": BOOK})
    )
    assert sorted(students) == ["bob", "carol"] and [path for path, _ in unmatched] == ["ann/.DS_Store"]


@pytest.mark.parametrize(
    "trace, student, only",
    [
        ("ann/mini/timestamp.txt", "ann", None),
        ("ann/mini/._mini.ipynb", "ann", None),
        ("ann/._mini.ipynb", "ann", "mini"),
        ("ann/.DS_Store", "ann", "mini"),
        ("ann/timestamp.txt", "ann", "mini"),
        ("Ann_12_assignsubmission_file_/._mini.ipynb", "12", "mini"),
        ("Ann_12_assignsubmission_file/Thumbs.db", "12", "mini"),
        ("Ann_12_assignsubmission_file/__MACOSX/._hw.ipynb", "12", "mini"),
    ],
)
def test_a_student_of_whom_there_is_but_litter_or_a_receipt_is_told_so(place, trace, student, only):
    students, unmatched = collect(
        place({"bob/mini/mini.ipynb": BOOK, "carol/mini/mini.ipynb": BOOK, trace: b"2026-03-01 10:00:00 UTC"}), only
    )
    assert sorted(students) == sorted(["bob", "carol", student]) and unmatched == []
    assert students[student].file is None and students[student].problem.startswith(
        f"No notebook was submitted, but: {trace}"
    )


@pytest.mark.parametrize(
    "folder, student", [("ann", "ann"), ("ann/mini", "ann"), ("Ann_12_assignsubmission_file", "12")]
)
def test_a_student_who_hands_in_something_else_than_a_notebook_is_told_so(place, folder, student):
    students, unmatched = collect(
        place({f"{folder}/essay.pdf": b"%PDF", "bob/a.ipynb": BOOK, "carol/c.ipynb": BOOK}), "mini"
    )
    assert sorted(students) == sorted([student, "bob", "carol"]) and unmatched == []
    assert students[student].file is None and "essay.pdf" in students[student].problem


def test_a_folder_without_notebooks_beside_the_files_of_students_is_no_student(place):
    students, unmatched = collect(
        place({"alice.ipynb": BOOK, "bob.ipynb": BOOK, "data/images.npz": b"x", "old/.DS_Store": b"x"}), "mini"
    )
    assert sorted(students) == ["alice", "bob"]
    assert sorted(path for path, _ in unmatched) == ["data/images.npz", "old/.DS_Store"]
    assert all(reason.startswith("not a notebook") for _, reason in unmatched)


def test_a_checkpoint_without_its_notebook_is_listed(place):
    students, unmatched = collect(
        place(
            {
                "alice/mini/mini.ipynb": BOOK,
                "alice/mini/.ipynb_checkpoints/mini-checkpoint.ipynb": BOOK,
                "bob/mini/.ipynb_checkpoints/mini-checkpoint.ipynb": BOOK,
            }
        )
    )
    assert list(students) == ["alice"] and [path for path, _ in unmatched] == [
        "bob/mini/.ipynb_checkpoints/mini-checkpoint.ipynb"
    ]


def test_work_for_a_notebook_without_points_is_listed(place):
    students, unmatched = collect(place({"ada/mini/mini.ipynb": BOOK, "ada/tour/tour.ipynb": BOOK}))
    assert list(students) == ["ada"]
    assert unmatched == [("ada/tour/tour.ipynb", "there is no assignment 'tour' in which points can be earned")]


def test_an_empty_folder_is_listed(place):
    students, unmatched = collect(place({"ann/mini/": b"", "bob/": b"", "carol/mini/mini.ipynb": BOOK}))
    assert set(students) == {"carol"}
    assert sorted(path.rstrip("/") for path, _ in unmatched) == ["ann/mini", "bob"] and all(
        "empty" in why for _, why in unmatched
    )


def test_a_class_with_nothing_but_empty_folders_is_listed(place):
    students, unmatched = collect(place({"ann/mini/": b""}))
    assert not students and len(unmatched) == 1


def test_nothing_to_grade_says_what_was_expected(tmp_path):
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "missing", lay(tmp_path, {"a.txt": b"x"}) / "a.txt"):
        with pytest.raises(intake.IntakeError):
            collect(source)
