"""What no honest class holds: archives that lie, links, names that no screen shows, what the system does not open."""

import os
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
from handed_in import BOOK, collect, lay, pack

from autograde import intake, submitted


def test_paths_in_an_archive_lead_nowhere(tmp_path):
    students, _ = collect(pack(tmp_path / "a.zip", {"../../evil.ipynb": BOOK, "/etc/mallory.ipynb": BOOK}))
    assert sorted(students) == ["etc", "evil"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip"]


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


def test_an_archive_with_a_damaged_name_says_what_to_do(tmp_path):
    path = pack(tmp_path / "a.zip", {"é.ipynb": BOOK})
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    with pytest.raises(intake.IntakeError, match="unpack it"):
        collect(path)


def test_a_member_that_unpacks_to_gigabytes_is_read_to_the_limit_only(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("alice/mini/mini.ipynb", "w") as member:
            for _ in range(80):
                member.write(b"\0" * 2**20)
    students, _ = collect(tmp_path / "bomb.zip")
    assert len(students["alice"].read()) == submitted.MAX_BYTES + 1


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
