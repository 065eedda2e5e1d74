"""Whatever an instructor has, every file in it is somebody's, superseded, or listed with a reason."""

import os
import stat
import zipfile
from pathlib import Path

import pytest
from grading_helpers import COURSE, answered, as_bytes, load_all, mini, released

from autograde import assignment, intake, submitted
from autograde.intake import choose

BOOK = as_bytes(answered())
MINI = {"mini": mini()}


def lay(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def pack(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=["folder", "zip"])
def place(request, tmp_path):
    """Puts files into a folder or a zip; the result must not depend on which."""
    return lambda files: (
        lay(tmp_path / "class", files) if request.param == "folder" else pack(tmp_path / "class.zip", files)
    )


def collect(source, only=None):
    found = intake.collect(source, MINI, only)
    return {s.student: s for s in found.submissions}, found.unmatched


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


def test_of_copies_the_last_is_taken_and_the_others_are_named(place):
    students, _ = collect(place({"alice.ipynb": BOOK, "alice (1).ipynb": BOOK, "alice (2).ipynb": BOOK}))
    assert students["alice"].file.path == "alice (2).ipynb"
    assert students["alice"].superseded == ["alice.ipynb", "alice (1).ipynb"]


def test_a_damaged_file_with_a_known_owner_is_a_submission(place):
    students, _ = collect(place({"alice/mini/mini.ipynb": b"{"}))
    assert students["alice"].read() == b"{"


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


def test_paths_in_an_archive_lead_nowhere(tmp_path):
    students, _ = collect(pack(tmp_path / "a.zip", {"../../evil.ipynb": BOOK, "/etc/mallory.ipynb": BOOK}))
    assert sorted(students) == ["etc", "evil"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip"]


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


def test_two_students_who_would_have_one_id_are_not_one_student(place):
    students, unmatched = collect(place({"a*b/mini/mini.ipynb": BOOK, "a_b/mini/mini.ipynb": BOOK}))
    assert sorted(students) == ["a_b"] and students["a_b"].superseded == []
    assert len(unmatched) == 1 and "rename" in unmatched[0][1]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_a_damaged_member_of_an_archive_is_that_students_trouble_alone(tmp_path, method):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for student in ("alice", "bob"):
            archive.writestr(f"{student}/mini/mini.ipynb", BOOK)
        where = archive.getinfo("alice/mini/mini.ipynb").header_offset + 150
    data = bytearray(path.read_bytes())
    data[where : where + 60] = b"\xff" * 60
    path.write_bytes(data)
    students, unmatched = collect(path)  # which reads the files, too, to recognise the assignment
    assert sorted(students) == ["alice", "bob"] and unmatched == []
    with pytest.raises(zipfile.BadZipFile):
        students["alice"].read()
    assert students["bob"].read() == BOOK


def test_impossible_dates_and_empty_names_in_an_archive_do_no_harm(tmp_path):
    path = pack(tmp_path / "class.zip", {"alice/mini/mini.ipynb": BOOK, "..": BOOK, "/": b""})
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        stamp = archive.getinfo("alice/mini/mini.ipynb").date_time
    packed = ((stamp[0] - 1980) << 9 | stamp[1] << 5 | stamp[2]).to_bytes(2, "little")
    assert data.count(packed) >= 2
    path.write_bytes(data.replace(packed, (31 | 2 << 5 | 40 << 9).to_bytes(2, "little")))  # 31 February 2020
    students, unmatched = collect(path)
    assert list(students) == ["alice"] and [reason for _, reason in unmatched] == ["cannot tell whose it is"]


def test_what_people_see_of_hostile_names_is_one_printable_line(tmp_path):
    folder = os.fsencode(lay(tmp_path / "class", {"alice.ipynb": BOOK}))
    for name in (b"a\nb.txt", b"\xff.txt", "\u202eexe.txt".encode(), b"\x1b[2J.txt"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"x")
    moodle = Path(os.fsdecode(folder + b"/Z\xff\nZed_12_assignsubmission_file_"))
    moodle.mkdir()
    (moodle / os.fsdecode(b"\xfe.pdf")).write_bytes(b"x")
    students, unmatched = collect(Path(os.fsdecode(folder)), "mini")
    said = [students["12"].name, students["12"].problem, *(path for path, _ in unmatched)]
    assert len(unmatched) == 4
    for text in said:
        text.encode()
        assert text.isprintable()


def test_links_pipes_and_encrypted_members_are_listed_and_not_read(tmp_path):
    folder = lay(tmp_path / "class", {"alice.ipynb": BOOK})
    (folder / "secret.ipynb").symlink_to("/etc/hostname")
    (folder / "elsewhere").symlink_to("/etc")
    os.mkfifo(folder / "pipe.ipynb")
    students, unmatched = collect(folder)
    assert list(students) == ["alice"]
    assert sorted(path for path, _ in unmatched) == ["elsewhere", "pipe.ipynb", "secret.ipynb"]

    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("alice.ipynb", BOOK)
        archive.writestr(link, "/etc/hostname")
    students, unmatched = collect(tmp_path / "b.zip")
    assert list(students) == ["alice"] and unmatched == [("link.ipynb", "not a regular file (a link)")]


def test_a_member_that_unpacks_to_gigabytes_is_read_to_the_limit_only(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("alice/mini/mini.ipynb", "w") as member:
            for _ in range(80):
                member.write(b"\0" * 2**20)
    students, _ = collect(tmp_path / "bomb.zip")
    assert len(students["alice"].read()) == submitted.MAX_BYTES + 1


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


def test_nothing_to_grade_says_what_was_expected(tmp_path):
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "missing", lay(tmp_path, {"a.txt": b"x"}) / "a.txt"):
        with pytest.raises(intake.IntakeError):
            collect(source)


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


def test_work_for_a_notebook_without_points_is_listed(place):
    students, unmatched = collect(place({"ada/mini/mini.ipynb": BOOK, "ada/tour/tour.ipynb": BOOK}))
    assert list(students) == ["ada"]
    assert unmatched == [("ada/tour/tour.ipynb", "there is no assignment 'tour' in which points can be earned")]


def others(grade_id="other"):
    """A notebook of another assignment."""
    return (
        as_bytes(answered())
        .replace(b'"kl_term"', f'"{grade_id}"'.encode())
        .replace(b'"test_kl_term', b'"test_other')
        .replace(b'"question_pull"', b'"question_other"')
    )


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


def test_litter_is_listed_where_it_is_all_of_a_student_and_may_be_of_any_assignment(place):
    students, unmatched = collect(
        place({"ann/.DS_Store": b"x", "bob/hw.ipynb": BOOK, "bob/.DS_Store": b"x", "carol/hw.ipynb": BOOK})
    )
    assert sorted(students) == ["bob", "carol"] and [path for path, _ in unmatched] == ["ann/.DS_Store"]


def test_a_folder_without_notebooks_beside_the_files_of_students_is_no_student(place):
    students, unmatched = collect(
        place({"alice.ipynb": BOOK, "bob.ipynb": BOOK, "data/images.npz": b"x", "old/.DS_Store": b"x"}), "mini"
    )
    assert sorted(students) == ["alice", "bob"]
    assert sorted(path for path, _ in unmatched) == ["data/images.npz", "old/.DS_Store"]
    assert all(reason.startswith("not a notebook") for _, reason in unmatched)


@pytest.mark.parametrize(
    "folder, student", [("ann", "ann"), ("ann/mini", "ann"), ("Ann_12_assignsubmission_file", "12")]
)
def test_a_student_who_hands_in_something_else_than_a_notebook_is_told_so(place, folder, student):
    students, unmatched = collect(
        place({f"{folder}/essay.pdf": b"%PDF", "bob/a.ipynb": BOOK, "carol/c.ipynb": BOOK}), "mini"
    )
    assert sorted(students) == sorted([student, "bob", "carol"]) and unmatched == []
    assert students[student].file is None and "essay.pdf" in students[student].problem


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


def test_two_names_with_one_number_are_not_one_student(place):
    students, unmatched = collect(place({"ada_7_100_a.ipynb": BOOK, "bob_7_101_a.ipynb": BOOK}), "mini")
    assert list(students) == ["7"] and students["7"].superseded == [] and len(unmatched) == 1


def test_a_notebook_of_another_assignment_is_no_student(tmp_path):
    both = {"mini": mini(), "other": mini()}
    found = intake.collect(
        lay(tmp_path / "a", {"ada/mini/mini.ipynb": BOOK, "ada/other/other.ipynb": BOOK, "ada/other/notes.txt": b"x"}),
        both,
        "mini",
    )
    assert [s.student for s in found.submissions] == ["ada"]
    assert set(dict(found.unmatched).values()) == {"belongs to other, not to mini"}


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


def test_an_archive_with_a_damaged_name_says_what_to_do(tmp_path):
    path = pack(tmp_path / "a.zip", {"é.ipynb": BOOK})
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    with pytest.raises(intake.IntakeError, match="unpack it"):
        collect(path)


BOTH = {"mini": mini(), "encoder": assignment.load("encoder", COURSE)}
ENCODER = as_bytes(assignment.source_notebook("encoder", COURSE))


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
