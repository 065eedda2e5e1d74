"""Whole runs that go wrong, and then right: nothing lost, nothing twice, nobody held up.

Most of this class cannot be read, so that a run takes no kernel and no time; what is tested
is what happens to results, and that is the same for all of them.
"""

import json
import os
import sqlite3
import subprocess
import sys
import zipfile

import pytest
from damaged import DAMAGED
from grading_helpers import COURSE, LOCK, RIGHT, answered, as_bytes, gradebook, scores

from autograde import pipeline as run_
from autograde.cli import main
from autograde.pipeline import Settings

pytestmark = pytest.mark.sandbox

CLASS = {
    f"student {i:02} {kind}".replace(",", ""): data
    for i, (kind, data) in enumerate(DAMAGED.items())
    if len(data) < 10_000
}


def write_class(folder, students):
    folder.mkdir(exist_ok=True)
    for name, data in students.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    return folder


def grade(source, out, **changes):
    """One run with one worker; returns the summary and everything it said."""
    said = []
    return run_.run(Settings(source, out, COURSE, "mini", **{"workers": 1} | changes), said.append), said


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    source = write_class(folder / "class", CLASS)
    summary, _ = grade(source, folder / "out")
    assert summary.graded == len(CLASS) and not summary.unrecorded
    return source, folder / "out"


def read_only(out):
    """The URL of a gradebook that SQLite may read and not write, whoever we are."""
    return f"sqlite:///file:{out / 'gradebook.db'}?mode=ro&uri=true"


def test_a_read_only_gradebook_loses_nothing(uninterrupted, tmp_path):
    source, reference = uninterrupted
    first = dict(list(CLASS.items())[:3])
    grade(write_class(tmp_path / "class", first), tmp_path / "out")
    write_class(tmp_path / "class", CLASS)

    summary, said = grade(tmp_path / "class", tmp_path / "out", db_url=read_only(tmp_path / "out"))
    assert summary.graded == len(CLASS) - 3 and not summary.failed
    assert any("readonly" in line for line in said) and len(scores(tmp_path / "out")) == 3

    summary, said = grade(tmp_path / "class", tmp_path / "out")
    assert (summary.graded, summary.unrecorded, summary.failed) == (0, [], [])
    assert gradebook(tmp_path / "out") == gradebook(reference)


def test_a_gradebook_locked_for_the_whole_run_is_filled_by_the_next(uninterrupted, tmp_path, monkeypatch):
    source, reference = uninterrupted
    patient = run_.Writer
    monkeypatch.setattr(run_, "Writer", lambda db_url: patient(db_url, patience=0.2))
    grade(write_class(tmp_path / "class", dict(list(CLASS.items())[:3])), tmp_path / "out")
    write_class(tmp_path / "class", CLASS)
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, tmp_path / "out" / "gradebook.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as locker:
        assert locker.stdout.readline() == b"locked\n"
        summary, _ = grade(tmp_path / "class", tmp_path / "out")
        assert summary.graded == len(CLASS) - 3 and len(summary.unrecorded) == len(CLASS)
        locker.stdin.close()
    summary, _ = grade(tmp_path / "class", tmp_path / "out")
    assert (summary.graded, summary.unrecorded) == (0, [])
    assert gradebook(tmp_path / "out") == gradebook(reference)


# Runs where /out is a file system of 2 MB: fills it, grades, makes room, grades again.
ON_A_FULL_DISK = """
import os, shutil, sys
from autograde.cli import main
arguments = ["grade", sys.argv[1], "--assignment", "mini", "--course", sys.argv[2], "--out", "/out/grades", "--workers", "1"]
for spare in (0, 20_000, 200_000):
    with open("/out/filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            filler.truncate(max(0, filler.tell() - spare))
    print("status", main(arguments), flush=True)
os.unlink("/out/filler")
print("status", main(arguments), flush=True)
shutil.copytree("/out/grades", sys.argv[3])
"""


def test_a_disk_that_is_really_full_loses_nothing(uninterrupted, tmp_path):
    source, reference = uninterrupted
    done = subprocess.run(
        [
            "bwrap",
            "--dev-bind",
            "/",
            "/",
            "--size",
            "2500000",
            "--tmpfs",
            "/out",
            "--",
            sys.executable,
            "-c",
            ON_A_FULL_DISK,
            source,
            COURSE,
            tmp_path / "out",
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    statuses = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("status")]
    assert statuses[-1] == "0" and set(statuses[:-1]) <= {"1", "2"}, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert gradebook(tmp_path / "out") == gradebook(reference)


def test_every_kind_of_damage_is_a_status_for_one_student_and_the_others_are_graded(tmp_path, capsys):
    """All at once, in a zip of which some members are damaged themselves, through the command line."""
    damaged = {name: data for name, data in DAMAGED.items() if name != "a zip"}  # intake takes the notebook out of it
    students = {
        **{f"damaged {i:02}": data for i, data in enumerate(damaged.values())},
        "ada right": as_bytes(answered(RIGHT)),
    }
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for student, data in {"cut in the archive": as_bytes(answered(RIGHT)), **students}.items():
            archive.writestr(f"{student}/mini/mini.ipynb", data)
    data = bytearray((tmp_path / "class.zip").read_bytes())
    data[200:260] = b"\xff" * 60
    (tmp_path / "class.zip").write_bytes(data)
    assert (
        main(
            [
                "grade",
                str(tmp_path / "class.zip"),
                "--course",
                str(COURSE),
                "--assignment",
                "mini",
                "--out",
                str(tmp_path / "out"),
                "--workers",
                "1",
            ]
        )
        == 0
    )
    assert (
        f"{len(students) + 1} submissions: 1 graded, 0 stopped, {len(students)} unreadable" in capsys.readouterr().out
    )
    results = {
        path.parent.parent.name: json.loads(path.read_text())
        for path in (tmp_path / "out").glob("results/*/*/result.json")
    }
    assert results.pop("ada right")["score"] == 6
    assert len(results) == len(damaged) + 1
    for student, result in results.items():
        assert result["status"] == "unreadable" and 10 < len(result["reason"]) < 400 and result["score"] == 0, student


def test_marks_are_the_same_with_one_two_and_four_workers_and_with_a_remote_scheduler(tmp_path, scheduler):
    source = write_class(
        tmp_path / "class",
        {
            "ada": as_bytes(answered(RIGHT)),
            "bob": as_bytes(answered("return ops.sum(ops.square(z_mean), axis=-1)")),
            "cyd": as_bytes(answered("import os\nos._exit(1)\n")),
            "dee": b"{",
            "eve": as_bytes(answered("return None", written=None)),
        },
    )
    outs = {}
    for name, changes in {
        "1": {"workers": 1},
        "2": {"workers": 2},
        "4": {"workers": 4},
        "remote": {"scheduler": scheduler},
    }.items():
        outs[name] = tmp_path / name
        assert grade(source, outs[name], **changes)[0].graded == 5
    first = gradebook(outs["1"])
    assert {student: marks for student, marks in scores(outs["1"]).items() if marks} == {"ada": 6, "bob": 3}
    for name, out in outs.items():
        assert gradebook(out) == first, name


def test_names_that_no_database_or_page_can_hold_stop_nobody(tmp_path):
    folder = os.fsencode(tmp_path / "class")
    for name in (
        b"Z\xff\nZed_12_assignsubmission_file_",
        "Ada \u202e\U0001f393_13_assignsubmission_file_".encode(),
        b"x" * 200 + b"_14_assignsubmission_file_",
    ):
        os.makedirs(folder + b"/" + name)
        with open(folder + b"/" + name + b"/\xfe.ipynb", "wb") as stream:
            stream.write(b"{")
    with open(folder + b"/\xfd.txt", "wb") as stream:
        stream.write(b"x")
    assert (
        main(
            [
                "grade",
                os.fsdecode(folder),
                "--assignment",
                "mini",
                "--course",
                str(COURSE),
                "--out",
                str(tmp_path / "out"),
                "--workers",
                "1",
            ]
        )
        == 0
    )
    assert set(scores(tmp_path / "out")) == {"12", "13", "14"}
    with sqlite3.connect(tmp_path / "out" / "gradebook.db") as database:
        assert all(
            len(name or "") <= 120
            for row in database.execute("select first_name, last_name from student")
            for name in row
        )
    assert "12" in (tmp_path / "out" / "moodle_mini.csv").read_text(encoding="utf-8")
