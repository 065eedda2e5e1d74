"""Grading what arrives: the page in seconds, nothing lost, nothing graded twice, nothing to be learnt from many attempts.

No kernel runs here: what the processes of a submission would find is made up from its text, the rest is the grader's own.
"""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from grading_helpers import COURSE, MEANED, RIGHT, answered, as_bytes, mini

from autograde import supervise
from autograde.intake import IntakeError, collect
from autograde.intake.files import listing
from autograde.ledger import Busy, Ledger
from autograde.pipeline import Settings
from autograde.restore import restore
from autograde.watch import Rules, watch
from vaelab.checks import judge

QUICK = Rules(settle=0.02, look=0.01, pause=0.0)
#: What a hidden check says of a wrong answer; no student may read it before the last attempt.
SECRET = "for z_log_var = 3 it gives 7"


def made_up(cells, limits, sandboxed, **more):
    """As `supervise.run`, from the text of the answer."""
    right = any(RIGHT in cell["source"] for cell in cells)
    verdict = {
        "check": "kl_term.values",
        "passed": right,
        "message": "" if right else SECRET,
        "got": "1",
        "expected": "7",
    }
    checks = {cell["grade_id"]: {"passed": right, "verdicts": [verdict]} for cell in cells if cell["test"]}
    return {"stopped": None, "cells": [], "checks": checks, "received": 0}, {"stages": {}}


def read_here(data, assignment, sandboxed):
    return restore(data, assignment)


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.setattr(supervise, "read", read_here)
    monkeypatch.setattr(supervise, "run", made_up)
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def settings(inbox):
    return Settings(inbox, inbox.parent / "out", COURSE, "mini", workers=1, sandboxed=False)


def watched(inbox, *actions, rules=QUICK):
    """Watch ``inbox``; do one action after the other, each when the one before gives True; end when the last has."""
    steps, said, until = list(actions), [], time.monotonic() + 120

    def going():
        assert time.monotonic() < until, said
        if steps and steps[0]():
            steps.pop(0)
        return bool(steps)

    return watch(settings(inbox), rules, said.append, going), said


def hand_in(inbox, student, body=RIGHT):
    def action():
        (inbox / f"{student}.ipynb").write_bytes(as_bytes(answered(body)))
        return True

    return action


def page(inbox, student):
    path = inbox.parent / "out" / "feedback" / student / "mini" / "mini.html"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def says(inbox, student, *texts):
    return lambda: all(text in page(inbox, student) for text in texts)


def ledger_lines(inbox):
    return [json.loads(line) for line in (inbox.parent / "out" / "ledger.jsonl").read_text().splitlines()]


def test_what_arrives_has_its_page_and_its_mark(inbox):
    summary, _ = watched(
        inbox,
        hand_in(inbox, "ada"),
        says(inbox, "ada", "6 of 8"),
        hand_in(inbox, "bob", MEANED),
        says(inbox, "bob", "0 of 8"),
    )
    assert summary.graded == 2
    assert {(line["student"], line["state"]) for line in ledger_lines(inbox)} >= {
        ("ada", "recorded"),
        ("bob", "recorded"),
    }


def test_a_hidden_check_is_named_and_nothing_else_is_said_of_it(inbox):
    watched(inbox, hand_in(inbox, "bob", MEANED), says(inbox, "bob", "0 of 8"))
    checks = re.findall(r'<div class="check.*?</div>', page(inbox, "bob"), re.DOTALL)
    shown, hidden = checks[:2], checks[2]
    assert any(SECRET in check for check in shown)
    assert "✗ not passed" in hidden and SECRET not in hidden and "7" not in re.sub("<[^>]*>", "", hidden)


def test_only_so_many_attempts_are_graded_and_the_page_says_so(inbox):
    rules = Rules(attempts=2, pause=0.0, settle=0.02, look=0.01)
    summary, said = watched(
        inbox,
        hand_in(inbox, "eve", MEANED),
        says(inbox, "eve", "Attempt 1 of 2"),
        hand_in(inbox, "eve", "return z_mean"),
        says(inbox, "eve", "Attempt 2 of 2", "This was the last."),
        hand_in(inbox, "eve", RIGHT),
        says(inbox, "eve", "handed in later is not graded", "0 of 8"),
        rules=rules,
    )
    assert summary.graded == 2
    assert sum("eve: not graded: all 2 attempts are used" in line for line in said) == 1
    again, _ = watched(inbox, says(inbox, "eve", "is not graded"), rules=rules)  # also after it was stopped
    assert again.graded == 0


def test_the_next_attempt_waits_for_the_end_of_a_pause_that_doubles():
    rules, now = Rules(attempts=9, pause=60.0), datetime.now(UTC)
    waits = [(rules.next([(now, str(i)) for i in range(n)]) - now).total_seconds() for n in range(1, 9)]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert rules.next([]) < now - timedelta(days=1) and rules.next([(now, "a")] * 9) is None


def test_a_file_that_comes_too_early_is_graded_when_its_time_has_come(inbox):
    summary, said = watched(
        inbox,
        hand_in(inbox, "eve", MEANED),
        says(inbox, "eve", "0 of 8"),
        hand_in(inbox, "eve", RIGHT),
        says(inbox, "eve", "handed in later is graded at", "0 of 8"),
        rules=Rules(pause=1800.0, settle=0.02, look=0.01),
    )
    assert summary.graded == 1
    assert sum("eve: waits until" in line and "1 of 10 attempts are used" in line for line in said) == 1
    later, _ = watched(inbox, says(inbox, "eve", "6 of 8", "Attempt 2"))  # as if the pause had passed: it is none
    assert later.graded == 1


def test_a_file_is_not_read_before_it_is_there(inbox):
    whole, path, parts = as_bytes(answered()), inbox / "ada.ipynb", 8

    def grows():
        size = path.stat().st_size if path.exists() else 0
        with path.open("ab") as stream:
            stream.write(whole[size : size + len(whole) // parts + 1])
        return path.stat().st_size == len(whole)

    summary, _ = watched(inbox, grows, says(inbox, "ada", "6 of 8"), rules=Rules(settle=0.5, look=0.01))
    assert summary.graded == 1


def test_links_and_pipes_are_refused_and_hold_nobody_up(inbox, tmp_path):
    (tmp_path / "secret.ipynb").write_bytes(as_bytes(answered()))
    (inbox / "eve.ipynb").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(inbox / "mal.ipynb")
    summary, said = watched(inbox, hand_in(inbox, "ada"), says(inbox, "ada", "6 of 8"))
    assert summary.graded == 1 and sum("not a regular file" in line for line in said) == 2


def test_a_pipe_that_has_taken_the_place_of_a_file_holds_nobody_up(inbox):
    hand_in(inbox, "ada")()
    [file] = listing(inbox).files
    (inbox / "ada.ipynb").unlink()
    os.mkfifo(inbox / "ada.ipynb")
    assert file.read() == b""


def test_the_same_bytes_again_are_no_attempt_and_an_older_file_is_one(inbox):
    watched(
        inbox,
        hand_in(inbox, "eve", MEANED),
        says(inbox, "eve", "Attempt 1"),
        hand_in(inbox, "eve", MEANED),
        hand_in(inbox, "eve", RIGHT),
        says(inbox, "eve", "Attempt 2"),
        hand_in(inbox, "eve", MEANED),
        says(inbox, "eve", "Attempt 3"),
    )


def test_two_watchers_of_one_workspace_refuse(inbox):
    with Ledger(inbox.parent / "out"), pytest.raises(Busy):
        watched(inbox, lambda: True)


def test_a_file_is_no_inbox(inbox):
    with pytest.raises(IntakeError, match="is no folder"):
        watch(settings(inbox / "zip"), QUICK)


def test_the_inbound_folder_of_the_exchange_is_understood(inbox):
    for when, body in (("09:00:00.000000", MEANED), ("10:00:00.000000", RIGHT)):
        folder = inbox / f"ada+mini+2026-10-01 {when} UTC+c2VjcmV0X18t"
        folder.mkdir()
        (folder / "mini.ipynb").write_bytes(as_bytes(answered(body)))
        (folder / "timestamp.txt").write_text(f"2026-10-01 {when} UTC")
        (folder / "data.csv").write_text(when)
    [submission] = collect(inbox, {"mini": mini()}).submissions
    assert (submission.student, submission.assignment) == ("ada", "mini")
    assert "10:00" in submission.file.path and submission.timestamp.hour == 10
    assert {name: file.read() for name, file in submission.beside.items()} == {"data.csv": b"10:00:00.000000"}


def test_what_was_learnt_from_one_attempt_earns_nothing_in_the_next():
    """The function is right on all inputs of ten earlier attempts, which nobody is shown; the next draws others."""
    seen, known = [], {}

    def kl(mean, log_var):
        return 0.5 * np.sum(np.exp(log_var) + mean**2 - 1 - log_var, -1)

    def key(mean, log_var):
        return np.asarray(mean).tobytes() + np.asarray(log_var).tobytes()

    def spy(z_mean, z_log_var):
        known[key(z_mean, z_log_var)] = kl(np.asarray(z_mean, "float64"), np.asarray(z_log_var, "float64"))
        return known[key(z_mean, z_log_var)].astype("float32")

    def memorised(z_mean, z_log_var):
        value = known.get(key(z_mean, z_log_var))
        return np.zeros(len(z_mean), "float32") if value is None else value.astype("float32")

    for _ in range(10):
        seen.append(judge.judge("kl_term.values", spy))
    assert all(verdict["passed"] for verdict in seen) and len({verdict["seed"] for verdict in seen}) == 10
    assert judge.judge("kl_term.values", memorised, seed=seen[0]["seed"])["passed"]  # it knows those by heart
    assert not judge.judge("kl_term.values", memorised)["passed"]


# --- kill −9 ------------------------------------------------------------------------------


def killed_at(inbox, write):
    """Watch in a process of its own, which ends with SIGKILL where it makes sure of what it wrote for the ``write``-th time."""
    path = os.pathsep.join([str(Path(__file__).parent), str(COURSE.parents[2])])
    ended = subprocess.run(
        [sys.executable, __file__, str(inbox), str(write)], env={**os.environ, "PYTHONPATH": path}, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL


def main(inbox, write):
    fsync, left = os.fsync, itertools.count(write - 1, -1)
    supervise.read, supervise.run = read_here, made_up
    os.fsync = lambda descriptor: fsync(descriptor) if next(left) else os.kill(os.getpid(), signal.SIGKILL)
    watch(settings(inbox), QUICK)


def test_a_watcher_that_is_killed_loses_nothing_and_grades_nothing_twice(inbox):
    students = [f"student{i:02}" for i in range(12)]
    for student in students[:6]:
        hand_in(inbox, student)()
    killed_at(inbox, 13)
    for student in students[6:]:
        hand_in(inbox, student)()
    killed_at(inbox, 40)
    watched(inbox, lambda: all(says(inbox, student, "6 of 8", "Attempt 1 of")() for student in students))
    done = Counter(line["student"] for line in ledger_lines(inbox) if line["state"] == "done")
    assert done == dict.fromkeys(students, 1)
    with Ledger(inbox.parent / "out") as ledger:
        assert {entry["state"] for entry in ledger.states.values()} == {"recorded"}
        assert {result["student"]: result["score"] for result in ledger.results()} == dict.fromkeys(students, 6)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
