"""Which file of a student is graded: of several the one with an answer, under any name, and of this assignment."""

import json

import pytest
from grading_helpers import answered, as_bytes, mini, released
from handed_in import BOOK, BOTH, ENCODER, collect, lay, pack

from autograde import intake, submitted
from autograde.intake import choose


def test_of_copies_the_last_is_taken_and_the_others_are_named(place):
    students, _ = collect(place({"alice.ipynb": BOOK, "alice (1).ipynb": BOOK, "alice (2).ipynb": BOOK}))
    assert students["alice"].file.path == "alice (2).ipynb"
    assert students["alice"].superseded == ["alice.ipynb", "alice (1).ipynb"]


def others(grade_id="other"):
    """A notebook of another assignment."""
    return (
        as_bytes(answered())
        .replace(b'"kl_term"', f'"{grade_id}"'.encode())
        .replace(b'"test_kl_term', b'"test_other')
        .replace(b'"question_pull"', b'"question_other"')
    )


@pytest.mark.parametrize(
    "wrong, right",
    [
        ("x_7_102_notes.ipynb", "x_7_101_kl.ipynb"),
        ("x_7_101_hw-3.ipynb", "x_7_102_hw-3.ipynb"),
        ("Ada_7_assignsubmission_file_/vae.ipynb", "Ada_7_assignsubmission_file_/kl.ipynb"),
        ("Ada_7_assignsubmission_file_/mini.ipynb", "Ada_7_assignsubmission_file_/mini-Copy1.ipynb"),
    ],
)
def test_of_several_notebooks_that_with_an_answer_is_taken_and_the_others_are_named(place, wrong, right):
    for rubbish in (b"", others(), as_bytes(released())):
        students, _ = collect(place({right: BOOK, wrong: rubbish}), "mini")
        assert students["7"].file.path == right and students["7"].superseded == [wrong]
        assert right in students["7"].notes[0][1] and wrong in students["7"].notes[0][1]


def test_notebooks_too_large_to_look_into_are_chosen_before_rubbish_and_after_an_answer(tmp_path):
    large = BOOK + b" " * choose.LOOKED_INTO
    for other, chosen in ((BOOK, "A_11_assignsubmission_file/z.ipynb"), (b"", "A_11_assignsubmission_file/mini.ipynb")):
        students, _ = collect(
            pack(
                tmp_path / "a.zip",
                {"A_11_assignsubmission_file/mini.ipynb": large, "A_11_assignsubmission_file/z.ipynb": other},
            ),
            "mini",
        )
        assert students["11"].file.path == chosen
    students, unmatched = collect(pack(tmp_path / "b.zip", {"alice.ipynb": large}))
    assert not students and "pass --assignment" in unmatched[0][1]
    students, _ = collect(tmp_path / "b.zip", "mini")
    assert students["alice"].read() == large


def test_of_a_students_many_notebooks_few_are_parsed_and_none_that_is_large(place, monkeypatch):
    parsed, read = [], submitted.read
    monkeypatch.setattr(submitted, "read", lambda data, **more: parsed.append(len(data)) or read(data, **more))
    monkeypatch.setattr(choose, "LOOKED_INTO", len(BOOK))
    spares = {f"A_11_assignsubmission_file/{i}.ipynb": BOOK + b" " * (i % 2) for i in range(100)}
    students, _ = collect(place(spares | {"A_11_assignsubmission_file/mini.ipynb": BOOK}), "mini")
    assert students["11"].file.path == "A_11_assignsubmission_file/mini.ipynb" and len(students["11"].superseded) == 100
    assert 0 < len(parsed) <= choose.MOST + 1 and max(parsed) == len(
        BOOK
    )  # and that chosen, whether it is of this assignment


def test_a_damaged_file_with_a_known_owner_is_a_submission(place):
    students, _ = collect(place({"alice/mini/mini.ipynb": b"{"}))
    assert students["alice"].read() == b"{"


def test_a_notebook_without_an_answer_beside_one_that_cannot_be_read_is_still_a_submission(place):
    students, _ = collect(
        place({"A_11_assignsubmission_file/a.ipynb": as_bytes(released()), "A_11_assignsubmission_file/b.ipynb": b"{"}),
        "mini",
    )
    assert students["11"].file.path.endswith("a.ipynb")


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


def test_a_notebook_of_another_assignment_is_no_student(tmp_path):
    both = {"mini": mini(), "other": mini()}
    found = intake.collect(
        lay(tmp_path / "a", {"ada/mini/mini.ipynb": BOOK, "ada/other/other.ipynb": BOOK, "ada/other/notes.txt": b"x"}),
        both,
        "mini",
    )
    assert [s.student for s in found.submissions] == ["ada"]
    assert set(dict(found.unmatched).values()) == {"belongs to other, not to mini"}


def test_the_notebook_of_another_assignment_is_named_and_not_graded(place):
    students, _ = collect(place({"user_1_2_mini.ipynb": ENCODER, "user_2_3_mini.ipynb": BOOK}), "mini", BOTH)
    assert students["1"].problem.startswith("This is encoder, handed in for mini")
    assert students["2"].problem is None


@pytest.mark.parametrize(
    "books, said",
    [
        (
            [BOOK, BOOK, b"{", BOOK, BOOK],
            "^4 of the first 5 notebooks are of mini, not of encoder: is --assignment right",
        ),
        ([BOOK] * 11 + [ENCODER] * 11, "^10 of the first 10"),
        ([ENCODER, BOOK, BOOK, BOOK, ENCODER, ENCODER], None),
        ([BOOK, BOOK], None),
        ([b"{"] * 4, None),
        ([ENCODER] * 4, None),
    ],
)
def test_a_class_that_handed_in_another_assignment_is_not_given_nought(place, books, said):
    source = place({f"s{i}_{10 + i}_{100 + i}_hw.ipynb": book for i, book in enumerate(books)})
    if said:
        with pytest.raises(intake.IntakeError, match=said):
            intake.collect(source, BOTH, "encoder")
    else:
        assert len(intake.collect(source, BOTH, "encoder").submissions) == len(books)


def test_no_student_stops_a_run_with_many_notebooks_of_another_assignment(place):
    his = {f"A_11_assignsubmission_file/{i}.ipynb": ENCODER for i in range(4)}
    found = intake.collect(place(his | {"B_12_assignsubmission_file/hw.ipynb": BOOK}), BOTH, "mini")
    assert [s.student for s in found.submissions] == ["11", "12"]
