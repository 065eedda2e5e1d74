"""Whatever an instructor has, every file in it is somebody's, superseded, or listed with a reason."""

import os
import stat
import zipfile

import pytest
from grading_helpers import answered, as_bytes, mini

from autograde import intake

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
    return lambda files: lay(tmp_path / "class", files) if request.param == "folder" else pack(tmp_path / "class.zip", files)


def collect(source, only=None):
    found = intake.collect(source, MINI, only)
    return {s.student: s for s in found.submissions}, found.unmatched


def test_nbgraders_submitted_folder(place):
    students, unmatched = collect(place({
        "alice/mini/mini.ipynb": BOOK, "alice/mini/timestamp.txt": b"2026-03-01 10:00:00.000000 UTC",
        "bob/mini/mini.ipynb": BOOK, "bob/mini/timestamp.txt": b"yesterday"}))
    assert sorted(students) == ["alice", "bob"] and unmatched == []
    assert f"{students['alice'].timestamp:%Y-%m-%d %H:%M}" == "2026-03-01 10:00"
    assert students["bob"].timestamp is None and "timestamp.txt" in students["bob"].notes[0][1]


def test_a_timestamp_in_the_future_is_flagged_and_ignored(place):
    students, _ = collect(place({"alice/mini/mini.ipynb": BOOK, "alice/mini/timestamp.txt": b"2190-01-01 00:00:00 UTC"}))
    assert students["alice"].timestamp is None and students["alice"].notes[0][0] == "tampering"


def test_moodles_folders_and_files(place):
    students, unmatched = collect(place({
        "Ada Lovelace_4711_assignsubmission_file_/my work.ipynb": BOOK,
        "Émilie du Châtelet_12_assignsubmission_file_mini.ipynb": BOOK,
        "No Book_99_assignsubmission_file_/essay.pdf": b"%PDF"}), "mini")
    assert {s: students[s].name for s in students} == {"4711": "Ada Lovelace", "12": "Émilie du Châtelet", "99": "No Book"}
    assert students["99"].file is None and "essay.pdf" in students["99"].problem
    assert unmatched == []


def test_canvas_names_attempts_and_late_marks(place):
    students, unmatched = collect(place({
        "lovelaceada_4711_88001_mini.ipynb": BOOK, "lovelaceada_4711_88002_mini-1.ipynb": BOOK,
        "hopper_LATE_12_88003_mini (2).ipynb": BOOK}), "mini")
    assert sorted(students) == ["12", "4711"] and unmatched == []
    assert students["12"].late and not students["4711"].late
    assert students["4711"].file.path == "lovelaceada_4711_88002_mini-1.ipynb"
    assert students["4711"].superseded == ["lovelaceada_4711_88001_mini.ipynb"]


def test_a_flat_folder_recognises_the_assignment_by_the_cells(place):
    students, unmatched = collect(place({
        "alice.ipynb": BOOK, "mini_bob.ipynb": BOOK, "chloé dùpont 🎓.ipynb": BOOK,
        "notes.txt": b"x", "other.ipynb": b'{"cells": [{"cell_type": "code", "source": "1"}]}'}))
    assert sorted(students) == ["alice", "bob", "chloé dùpont 🎓"]
    assert dict(unmatched) == {"notes.txt": "not a notebook",
                               "other.ipynb": "cannot tell which assignment it is: pass --assignment"}


def test_of_copies_the_last_is_taken_and_the_others_are_named(place):
    students, _ = collect(place({"alice.ipynb": BOOK, "alice (1).ipynb": BOOK, "alice (2).ipynb": BOOK}))
    assert students["alice"].file.path == "alice (2).ipynb"
    assert students["alice"].superseded == ["alice.ipynb", "alice (1).ipynb"]


def test_a_damaged_file_with_a_known_owner_is_a_submission(place):
    students, _ = collect(place({"alice/mini/mini.ipynb": b"{"}))
    assert students["alice"].read() == b"{"


def test_litter_is_ignored(place):
    students, unmatched = collect(place({
        "alice.ipynb": BOOK, "__MACOSX/._alice.ipynb": b"x", ".DS_Store": b"x", ".ipynb_checkpoints/alice-checkpoint.ipynb": BOOK}))
    assert list(students) == ["alice"] and unmatched == []


def test_paths_in_an_archive_lead_nowhere(tmp_path):
    students, _ = collect(pack(tmp_path / "a.zip", {"../../evil.ipynb": BOOK, "/etc/mallory.ipynb": BOOK}))
    assert sorted(students) == ["evil", "mallory"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip"]


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
    assert len(students["alice"].read()) == intake.preflight.MAX_BYTES + 1


@pytest.mark.parametrize("name, expected", [
    ("../../etc/passwd", "_.._etc_passwd"), ("a/b\\c", "a_b_c"), ("  .hidden. ", "hidden"), ("", "_"), ("..", "_"),
    ("line\nbreak\0", "line_break_"), ("é" * 200, "é" * 60), ("e\u0301", "é"), ("=1+1", "=1+1")])
def test_student_ids_are_file_names(name, expected):
    assert intake.safe(name) == expected


def test_nothing_to_grade_says_what_was_expected(tmp_path):
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "missing", lay(tmp_path, {"a.txt": b"x"}) / "a.txt"):
        with pytest.raises(intake.IntakeError):
            collect(source)
