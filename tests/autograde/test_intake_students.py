"""Whose a file is: told by its name or its folder, never by what a student calls a file, and nobody is anybody else."""

import pytest
from handed_in import BOOK, collect, notes, pack

from autograde import intake


@pytest.mark.parametrize(
    "name, expected",
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c", "a_b_c"),
        ("  .hidden. ", "hidden"),
        ("", "_"),
        ("..", "_"),
        ("line\nbreak\0", "line_break_"),
        ("é" * 200, "é" * 60),
        ("e\u0301", "é"),
        ("=1+1", "=1+1"),
    ],
)
def test_student_ids_are_file_names(name, expected):
    assert intake.safe(name) == expected


@pytest.mark.parametrize(
    "files, expected",
    [
        (["alice/homework.ipynb", "bob/homework.ipynb", "carl/homework (1).ipynb"], {"alice", "bob", "carl"}),
        (["class/alice/hw1/mini.ipynb", "class/bob/hw1/mini.ipynb"], {"alice", "bob"}),
        (["alice/mini.ipynb", "bob/hw/mini.ipynb"], {"alice", "bob"}),
        (["alice/mine.ipynb", "bob/vae.ipynb", "carl/Untitled.ipynb"], {"alice", "bob", "carl"}),
        (["one/alice.ipynb", "two/carl.ipynb"], {"one", "two"}),
        (["x/one/ada_7_101_hw.ipynb", "x/two/Ben_8_assignsubmission_file_/hw.ipynb"], {"7", "8"}),
        (["mini/alice.ipynb", "mini/bob/hw.ipynb"], {"alice", "bob"}),
        (["submitted/alice/mini/mini.ipynb"], {"alice"}),
        (["class/alice/mini.ipynb"], {"alice"}),
        (["class/alice/alice.ipynb", "class/bob/bob.ipynb"], {"alice", "bob"}),
        (["all/alice.ipynb", "all/bob.ipynb"], {"alice", "bob"}),
        (["alice_1_01_kl.ipynb", "bob_1_01_kl.ipynb"], {"alice_1_01_kl", "bob_1_01_kl"}),
        (
            [
                "Copy of emma.ipynb",
                "dora-Copy1.ipynb",
                "frank - Copy.ipynb",
                "gus_mini-1.ipynb",
                "hal - Kopie.ipynb",
                "Kopie von ida.ipynb",
                "jo (conflicted copy).ipynb",
            ],
            {"emma", "dora", "frank", "gus", "hal", "ida", "jo"},
        ),
    ],
)
@pytest.mark.parametrize("only", [None, "mini"])
def test_who_hands_in_is_told_by_the_file_or_by_its_folder(place, files, expected, only):
    students, unmatched = collect(place(dict.fromkeys(files, BOOK)), only)
    assert set(students) == expected and unmatched == []
    assert all(not s.superseded for s in students.values())


def test_where_neither_file_nor_folder_tells_the_student_the_files_are_listed(place):
    students, unmatched = collect(
        place(dict.fromkeys(["class/mini.ipynb", "class/alice.ipynb", "class/mini (1).ipynb"], BOOK)), "mini"
    )
    assert set(students) == {"alice"}
    assert sorted(path for path, _ in unmatched) == ["class/mini (1).ipynb", "class/mini.ipynb"]


@pytest.mark.parametrize(
    "evil",
    [
        "alice_4711_88001_Bob_12_assignsubmission_file_mini-9.ipynb",  # Canvas lets students name their files
        "Bob_12_assignsubmission_file__4711_assignsubmission_file_/mini.ipynb",  # Moodle lets them name themselves
        "Zed_4711_assignsubmission_file_Bob_12_assignsubmission_file_mini-9.ipynb",
    ],
)
def test_a_name_with_two_students_numbers_is_nobodys(place, evil):
    students, unmatched = collect(place({evil: BOOK, "hopper_12_88003_mini.ipynb": BOOK}), "mini")
    assert sorted(students) == ["12"] and students["12"].file.path == "hopper_12_88003_mini.ipynb"
    assert students["12"].superseded == []
    assert unmatched == [(evil, "its name holds the numbers of several students: 12, 4711")]


@pytest.mark.parametrize(
    "evil",
    [
        "alice/mini/hopper_12_88009_mini-9.ipynb",
        "alice/mini/12/mini/mini.ipynb",
        "alice/mini/12.ipynb",
        "Alice_4711_assignsubmission_file_/Bob_12_assignsubmission_file_/mini.ipynb",
        "Alice_4711_assignsubmission_file_/12/mini/mini.ipynb",
    ],
)
def test_nobody_hands_in_for_another_by_the_name_of_a_file(place, evil):
    students, unmatched = collect(place({evil: BOOK, "12/mini/mini.ipynb": BOOK}), "mini")
    assert students["12"].file.path == "12/mini/mini.ipynb" and students["12"].superseded == []
    assert set(students) - {"12"} in ({"alice"}, {"4711"}) and unmatched == []


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


CLASSES = {  # everybody's files, and what bob adds to his
    "shared names": (
        ["alice/homework.ipynb", "bob/homework.ipynb", "carol/homework.ipynb"],
        ["bob/carol.ipynb", "bob/12.ipynb"],
    ),
    "own names": (
        ["alice/a.ipynb", "bob/b.ipynb", "carol/c.ipynb"],
        ["bob/draft.ipynb", "bob/c.ipynb", "bob/carol.ipynb"],
    ),
    "the assignment's name": (
        ["alice/mini.ipynb", "bob/mini.ipynb", "carol/mini.ipynb"],
        ["bob/carol.ipynb", "bob/carol/mini.ipynb", "bob/carol/mini/mini.ipynb", "bob/mini/carol/mini/mini.ipynb"],
    ),
    "nbgrader": (
        ["alice/mini/mini.ipynb", "bob/mini/mini.ipynb", "carol/mini/mini.ipynb"],
        ["bob/carol/mini/mini.ipynb", "bob/carol/mini.ipynb", "bob/carol.ipynb", "bob/mini/carol/mini/mini.ipynb"],
    ),
    "in one folder": (
        ["class/alice/a.ipynb", "class/bob/b.ipynb", "class/carol/c.ipynb"],
        ["class/bob/carol/c.ipynb", "class/bob/mini/mini.ipynb", "class/bob/x_12_99_a.ipynb"],
    ),
    "one of each assignment": (
        ["mini/alice/a.ipynb", "mini/bob/b.ipynb", "mini/carol/c.ipynb"],
        ["mini/bob/carol/mini.ipynb"],
    ),
    "numbers": (
        ["12/hw.ipynb", "bob/hw.ipynb", "14/hw.ipynb"],
        ["bob/x_12_99_hw.ipynb", "bob/x_12_assignsubmission_file_/hw.ipynb", "bob/12/mini/mini.ipynb"],
    ),
    "Moodle": (
        [
            "A_11_assignsubmission_file/mini.ipynb",
            "bob_12_assignsubmission_file/mini.ipynb",
            "C_13_assignsubmission_file/mini.ipynb",
        ],
        [
            "bob_12_assignsubmission_file/C_13_assignsubmission_file/mini.ipynb",
            "bob_12_assignsubmission_file/13/mini/mini.ipynb",
        ],
    ),
    "Moodle's groups": (
        [
            "one/A_11_assignsubmission_file/a.ipynb",
            "one/bob_12_assignsubmission_file/b.ipynb",
            "two/C_13_assignsubmission_file/c.ipynb",
        ],
        ["one/bob_12_assignsubmission_file/C_13_assignsubmission_file/c.ipynb"],
    ),
}


@pytest.mark.parametrize("only", [None, "mini"])
@pytest.mark.parametrize("layout", CLASSES)
def test_what_a_student_adds_changes_nobody_elses_submission(tmp_path, layout, only):
    honest, added = CLASSES[layout]

    def of_others(files, where):
        found = collect(pack(tmp_path / where, dict.fromkeys(files, BOOK)), only)[0].values()
        return {s.student: (s.file.path, s.superseded) for s in found if "bob" not in s.file.path}

    alone = of_others(honest, "honest.zip")
    assert sorted(path for path, _ in alone.values()) == sorted(name for name in honest if "bob" not in name)
    for i, name in enumerate(added):
        for j, files in enumerate(([name, *honest], [*honest, name])):
            assert of_others(files, f"{i}-{j}.zip") == alone, name


def test_two_students_who_would_have_one_id_are_not_one_student(place):
    students, unmatched = collect(place({"a*b/mini/mini.ipynb": BOOK, "a_b/mini/mini.ipynb": BOOK}))
    assert sorted(students) == ["a_b"] and students["a_b"].superseded == []
    assert len(unmatched) == 1 and "rename" in unmatched[0][1]


def test_two_names_with_one_number_are_not_one_student(place):
    students, unmatched = collect(place({"ada_7_100_a.ipynb": BOOK, "bob_7_101_a.ipynb": BOOK}), "mini")
    assert list(students) == ["7"] and students["7"].superseded == [] and len(unmatched) == 1


@pytest.mark.parametrize(
    "files, student",
    [
        (
            [
                "one/A_11_assignsubmission_file/a.ipynb",
                "two/A_11_assignsubmission_file/a.ipynb",
                "two/A_11_assignsubmission_onlinetext/a.ipynb",
            ],
            "11",
        ),
        (["alice.ipynb", "alice/hw.ipynb"], "alice"),
    ],
)
def test_one_student_in_two_places_is_listed_and_not_merged(place, files, student):
    students, unmatched = collect(place(dict.fromkeys(files, BOOK)), "mini")
    assert students[student].file.path == files[0] and students[student].superseded == []
    assert [path for path, _ in unmatched] == files[1:] and all(files[0] in reason for _, reason in unmatched)


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
