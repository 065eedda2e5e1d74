"""A whole run: every student once, the same gradebook whatever happens on the way."""

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from distributed import Client
from grading_helpers import COURSE, LOCK, RIGHT, answered, as_bytes, gradebook, heed_ctrl_c, scores

from autograde import pipeline as run_
from autograde.job import checks_version
from autograde.ledger import Busy, Ledger
from autograde.pipeline import Settings

pytestmark = pytest.mark.sandbox

# Computed before anything forks, so that all runs of one test session agree on it.
checks_version()

FORK = multiprocessing.get_context("fork")

# One right answer; the others end quickly, each in its own way, so that no two rows are alike.
CLASS = {
    "ada": as_bytes(answered(RIGHT)),
    "bob": as_bytes(answered("kl_term = 42\n")),
    "chloé dùpont 🎓": as_bytes(answered("kl_term = 43\n", written=None)),
    "dan": as_bytes(answered("import os\nos._exit(1)\n")),
    "eve": as_bytes(answered())[:900],
    "fay": b"<html>",
    "gus": as_bytes(answered("kl_term = 44\n", extra=["print('x')"])),
}


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """Where all runs of these tests find the class and leave their results: the workers' sandboxes, which hide both, stay warm."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "class").mkdir()
    (folder / "out").mkdir()
    return folder


def empty(folder):
    """What lies in a folder goes; the folder itself stays, which sandboxes hide."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def hand_in(folder):
    empty(folder)
    for name, data in CLASS.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    return folder


@pytest.fixture
def school(place):
    return hand_in(place / "class")


@pytest.fixture
def out(place):
    empty(place / "out")
    return place / "out"


@pytest.fixture
def graded(reference, out):
    """A folder of results in which the class is graded."""
    return shutil.copytree(reference, out, dirs_exist_ok=True)


def settings(source, out, scheduler, **changes):
    return Settings(source, out, COURSE, "mini", scheduler=scheduler, **changes)


def start(settings, stage=lambda name: None):
    """Run in a child of its own, which can be killed; ``stage`` as in :func:`autograde.pipeline.run`."""

    def child():
        said = settings.out / "said.txt"
        try:
            with said.open("a") as stream:
                summary = run_.run(settings, say=lambda text: print(text, file=stream, flush=True), stage=stage)
                print(
                    f"graded {summary.graded} reused {summary.reused} failed {len(summary.failed)} "
                    f"unrecorded {len(summary.unrecorded)}",
                    file=stream,
                    flush=True,
                )
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)

    process = FORK.Process(target=child)
    process.start()
    return process


def finish(settings):
    """Run to the end; returns the last line said."""
    process = start(settings)
    process.join(180)
    assert process.exitcode == 0
    return (settings.out / "said.txt").read_text().splitlines()[-1]


@pytest.fixture(scope="session")
def reference(place, tmp_path_factory, scheduler):
    """The results of a run that nothing interrupted."""
    run = settings(hand_in(place / "class"), place / "out", scheduler)
    assert finish(run) == "graded 7 reused 0 failed 0 unrecorded 0"
    return shutil.copytree(run.out, tmp_path_factory.mktemp("reference"), dirs_exist_ok=True)


def test_every_student_has_the_mark_that_they_earned(reference):
    assert scores(reference) == {"ada": 6, **{name: 0 for name in CLASS if name != "ada"}}
    reasons = {student: comment for student, cell, comment, _ in gradebook(reference)[2] if cell == "kl_term"}
    assert "not valid JSON" in reasons["eve"] and "web page" in reasons["fay"] and "died" in reasons["dan"]
    assert reasons["ada"] is None
    for name in CLASS:
        assert (reference / "autograded" / name / "mini" / "mini.ipynb").is_file()


def test_a_rerun_grades_nothing_and_changes_nothing(graded, school, scheduler):
    before = gradebook(graded)
    assert finish(settings(school, graded, scheduler)) == "graded 0 reused 7 failed 0 unrecorded 0"
    assert gradebook(graded) == before


def test_a_resubmission_replaces_the_mark_and_nobody_elses(graded, school, scheduler):
    (school / "ada (1).ipynb").write_bytes(CLASS["dan"])
    assert finish(settings(school, graded, scheduler)) == "graded 1 reused 6 failed 0 unrecorded 0"
    assert set(scores(graded).values()) == {0}


@pytest.mark.parametrize("stage", ["intake", "gradebook", "running", "keep", "record", "autograded", "recorded"])
def test_killed_at_a_stage_a_rerun_completes(stage, reference, school, scheduler, out):
    job = settings(school, out, scheduler)
    process = start(job, lambda name: name == stage and os.kill(os.getpid(), signal.SIGKILL))
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert finish(job).endswith("failed 0 unrecorded 0")
    assert gradebook(job.out) == gradebook(reference)


def test_killed_at_25_random_moments_a_rerun_completes(reference, school, scheduler, out):
    chance, kills = random.Random(), 0
    job = settings(school, out, scheduler)
    while kills < 25:
        process = start(job)
        time.sleep(chance.uniform(0.05, 2.0))
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.join()
        if process.exitcode == 0:
            assert gradebook(job.out) == gradebook(reference)
            empty(job.out)
    finish(job)
    assert gradebook(job.out) == gradebook(reference)


def test_what_is_known_of_an_unchanged_file_is_brought_up_to_date(reference, graded, school, scheduler):
    out = graded
    shutil.move(school / "ada.ipynb", school / "ada - Copy.ipynb")  # the same bytes, and now one of two
    (school / "ada.ipynb").write_bytes(as_bytes(answered("")))
    summary = run_.run(settings(school, out, scheduler))
    assert summary.graded == 0 and summary.reused == len(CLASS)
    with Ledger(out) as ledger:
        result = next(result for result in ledger.results() if result["student"] == "ada")
    assert result["superseded"] == ["ada.ipynb"] and "ada - Copy.ipynb was graded" in result["notes"][0][1]
    (school / "ada.ipynb").unlink()
    run_.run(settings(school, out, scheduler))
    assert gradebook(out) == gradebook(reference)


def test_two_graders_do_not_work_in_one_folder(school, scheduler, tmp_path):
    with Ledger(tmp_path / "out"), pytest.raises(Busy):
        run_.run(settings(school, tmp_path / "out", scheduler))


def test_a_line_cut_short_by_a_crash_is_ignored(tmp_path, reference):
    lines = (reference / "ledger.jsonl").read_bytes()
    (tmp_path / "ledger.jsonl").write_bytes(lines[:-20])
    with Ledger(tmp_path) as ledger:
        assert len(ledger.states) == 7
        ledger.note(run_.intake_.Submission("new", "mini"), "queued", "key")
    with Ledger(tmp_path) as ledger:
        assert ledger.states["new", "mini"]["state"] == "queued"


@pytest.fixture
def locked(graded):
    """An output folder whose gradebook another process has locked."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOCK, graded / "gradebook.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"locked\n"
    yield graded
    process.stdin.close()
    process.wait()


def test_a_locked_gradebook_loses_nothing(locked, school, scheduler, monkeypatch):
    patient = run_.Writer
    monkeypatch.setattr(run_, "Writer", lambda db_url: patient(db_url, patience=1.0))
    (school / "hal.ipynb").write_bytes(CLASS["bob"])
    assert finish(settings(school, locked, scheduler)).startswith("graded 1 reused 7 failed 0 unrecorded ")


def test_a_full_disk_loses_nothing(reference, graded, school, scheduler):
    (school / "hal.ipynb").write_bytes(CLASS["bob"])
    job = settings(school, graded, scheduler)

    def full(name):
        if name == "keep":
            raise OSError(28, "No space left on device")

    process = start(job, full)
    process.join(120)
    assert process.exitcode == 1
    assert gradebook(graded) == gradebook(reference)
    assert finish(job) == "graded 1 reused 7 failed 0 unrecorded 0"
    assert scores(graded)["hal"] == 0


def test_a_lost_worker_costs_nothing(reference, school, scheduler, out):
    job = settings(school, out, scheduler)
    lost = []

    def lose(name):
        if name == "running" and not lost:
            lost.append(True)
            with Client(scheduler) as client:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    process = start(job, lose)
    process.join(240)
    assert process.exitcode == 0
    assert gradebook(job.out) == gradebook(reference)


def test_the_command_line_grades_with_workers_of_its_own(school, tmp_path, reference):
    command = [
        sys.executable,
        "-m",
        "autograde",
        "grade",
        str(school),
        "--assignment",
        "mini",
        "--course",
        str(COURSE),
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run([*command, "--workers", "4"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (
        "7 submissions: 4 graded, 1 stopped, 2 unreadable (no points for what could not be read), 0 not graded"
        in done.stdout
    )
    assert gradebook(tmp_path / "out") == gradebook(reference)
    assert (tmp_path / "out" / "report.html").is_file()
    again = subprocess.run(command, capture_output=True, text=True)
    assert "; 7 of 7 notebooks unchanged" in again.stdout


def test_ctrl_c_stops_and_says_how_to_go_on(school, tmp_path):
    command = [
        sys.executable,
        "-m",
        "autograde",
        "grade",
        str(school),
        "--assignment",
        "mini",
        "--course",
        str(COURSE),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "1",
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c
    )
    process.stdout.readline()  # the first result
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "run the same command again" in error and "Traceback" not in error
