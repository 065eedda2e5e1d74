"""The supervisor of one submission, without a sandbox: processes and watches are stand-ins that do as they are told."""

import contextlib
import json
import os
import threading
from types import SimpleNamespace

import pytest
from grading_helpers import answered, as_bytes, mini

from autograde import reader, submitted, supervise, targets
from autograde.isolation.limits import Limits
from autograde.kernel_client import READY, REPLAYING, WANTED
from autograde.supervise import FLOODED, KERNEL, REPLAYER, GraderFailure, Supervisor
from vaelab.checks import ProbeError

FOUND = {"stopped": None, "cells": [], "checks": {}, "received": 5, "stages": {"judge": 1.0}}


class Process:
    """One that ends when it is told to."""

    pid, pidfd = 0, None

    def __init__(self):
        self.ended = None
        (out, self.tell), (self.hear, into) = os.pipe(), os.pipe()
        self.stdout, self.stdin = os.fdopen(out, "rb"), os.fdopen(into, "wb")

    def write(self, data):
        os.write(self.tell, data)

    def close(self):
        os.close(self.tell)

    def heard(self):
        os.set_blocking(self.hear, False)
        try:
            return [json.loads(line) for line in os.read(self.hear, 65536).splitlines()]
        except BlockingIOError:
            return []

    def poll(self):
        return self.ended

    def wait(self, timeout=None):
        return self.ended or 0

    def kill(self):
        self.ended = -9


class Watch:
    """One that says what it is told; of all watches of a process at once."""

    def __init__(self, root, limits, tenancy=None):
        self.limits, self.why, self.peak_memory, self.peak_processes = limits, None, 1000, 2

    def restarted(self, limits):
        self.limits = limits
        return self

    def seconds(self):
        return 1.5

    def exceeded(self):
        return self.why


@pytest.fixture
def world(monkeypatch):
    """A supervisor, its judge, the kernel and the process for replays."""
    monkeypatch.setattr(supervise, "kill", lambda process: process.kill())
    judge, kernel, replayer = Process(), Process(), Process()
    return Supervisor(judge, kernel, Limits(seconds=9), lambda: replayer, Watch), judge, kernel, replayer


def test_time_begins_when_the_kernel_is_ready(world):
    supervisor, _, _, _ = world
    assert supervisor.student.watch.limits.seconds == 9 + supervise.START
    supervisor.on_line(READY)
    assert supervisor.student.watch.limits.seconds == 9 and supervisor.student.ready


def wanted(supervisor):
    """The judge wants a process for replays, and has it."""
    supervisor.on_line(WANTED)
    supervisor.starting.result()
    supervisor.on_tick()
    return supervisor.held[REPLAYER]


def test_a_second_kernel_is_started_once_and_held_to_the_same_limits(world):
    supervisor, _, _, replayer = world
    first = wanted(supervisor)
    assert wanted(supervisor) is first and first.process is replayer
    supervisor.on_line(REPLAYING)
    assert first.ready and first.watch.limits.seconds == 9


def test_a_second_kernel_that_is_ready_before_limits_are_looked_at_is_held_to_them(world):
    supervisor, _, _, replayer = world
    supervisor.on_line(WANTED)
    supervisor.on_line(REPLAYING)
    assert supervisor.held[REPLAYER].process is replayer and supervisor.held[REPLAYER].ready


def test_while_a_second_kernel_is_being_started_the_first_is_watched(world):
    supervisor, _, kernel, replayer = world
    ready = threading.Event()
    supervisor.start = lambda: ready.wait(20) and replayer
    supervisor.on_line(READY)
    supervisor.on_line(WANTED)
    supervisor.student.watch.why = "it used more than 1 MB of memory"
    supervisor.on_tick()
    assert kernel.ended == -9 and REPLAYER not in supervisor.held
    ready.set()
    supervisor.close()
    supervisor.on_tick()
    assert replayer.ended == -9


def test_the_judge_is_done_and_its_findings_are_read(world):
    supervisor, judge, _, _ = world
    judge.write(READY + json.dumps(FOUND).encode())
    judge.close()
    supervisor.run()
    assert supervisor.findings(str) == FOUND and supervisor.usage()["peak_memory"] == 1000


def test_a_kernel_that_ends_by_itself_is_the_students_doing(world):
    supervisor, judge, kernel, _ = world
    judge.write(READY)
    kernel.ended = 1
    threading.Timer(0.2, lambda: (judge.write(json.dumps(FOUND).encode()), judge.close())).start()
    supervisor.run()
    assert judge.heard() == [{KERNEL: "its kernel died"}] and supervisor.student.stopped == "its kernel died"


def test_a_limit_ends_both_kernels_and_the_judge_hears_of_it(world):
    supervisor, judge, kernel, replayer = world
    supervisor.on_line(READY)
    wanted(supervisor)
    supervisor.student.watch.why = "it used more than 1 MB of memory"
    supervisor.on_tick()
    assert (kernel.ended, replayer.ended) == (-9, -9)
    assert judge.heard() == [dict.fromkeys((KERNEL, REPLAYER), "it used more than 1 MB of memory")]


def test_the_kernel_for_replays_can_be_stopped_alone(world):
    supervisor, judge, kernel, replayer = world
    supervisor.on_line(READY)
    wanted(supervisor).watch.why = "it ran for more than 9 s"
    supervisor.on_tick()
    assert (kernel.ended, replayer.ended) == (None, -9) and judge.heard() == [{REPLAYER: "it ran for more than 9 s"}]


def test_a_judge_that_is_flooded_stops_the_kernel_and_then_itself_and_no_one_else_is_to_blame(world):
    supervisor, judge, kernel, _ = world
    supervisor.on_line(READY)
    supervisor.trusted.peak_memory = FLOODED + 1
    supervisor.on_tick()
    assert kernel.ended == -9 and not supervisor.given_up
    supervisor.trusted.why = "it used more than 3072 MB of memory"
    supervisor.on_tick()
    assert supervisor.given_up
    found = supervisor.findings(str)
    assert found["checks"] == {} and "sent more at once" in found["stopped"]["why"]


def test_a_judge_that_breaks_off_after_the_kernel_was_stopped_is_no_failure_of_the_grader(world):
    supervisor, judge, _, _ = world
    supervisor.on_line(READY)
    supervisor.stop(KERNEL, "it ran for more than 9 s")
    supervisor.written += b'{"cut short'
    assert supervisor.findings(str)["stopped"] == {"cell": "", "why": "it ran for more than 9 s"}


@pytest.mark.parametrize(
    "ready, written, why", [(False, b"", "did not start"), (True, b"", "no findings"), (True, b'{"cut', "no findings")]
)
def test_what_is_nobodys_doing_is_the_graders_failure(world, ready, written, why):
    supervisor, _, _, _ = world
    if ready:
        supervisor.on_line(READY)
    supervisor.written += written
    with pytest.raises(GraderFailure, match=why):
        supervisor.findings(lambda: "its last words")


def test_a_judge_over_its_limits_without_a_reason_is_the_graders_failure(world):
    supervisor, _, _, _ = world
    supervisor.on_line(READY)
    supervisor.trusted.why = "it ran for more than 190 s"
    with pytest.raises(GraderFailure, match="190 s"):
        supervisor.on_tick()


def test_what_the_judge_writes_is_bounded(world, monkeypatch):
    supervisor, judge, _, _ = world
    monkeypatch.setattr(supervise, "MAX_FINDINGS", 1000)
    judge.write(READY + b"x" * 5000)
    supervisor.run()
    assert len(supervisor.written) <= 6000
    with pytest.raises(GraderFailure):
        supervisor.findings(str)


# --- reading ----------------------------------------------------------------------------


def test_a_reply_of_the_reader_comes_back_as_it_was(tmp_path):
    (tmp_path / "file").write_bytes(as_bytes(answered()))
    order = {"file": str(tmp_path / "file"), "assignment": json.loads(json.dumps(mini().packed()))}
    from autograde.restore import restore

    assert reader.opened(reader.reply(order)) == restore(as_bytes(answered()), mini())


@pytest.mark.parametrize("error", [MemoryError, RecursionError, ValueError("x")])
def test_whatever_reading_ends_with_is_a_damaged_file(tmp_path, monkeypatch, error):
    (tmp_path / "file").write_bytes(b"{}")

    def fail(*_):
        raise error

    monkeypatch.setattr(reader, "restore", fail)
    with pytest.raises(submitted.Damaged, match="cannot be read"):
        reader.opened(reader.reply({"file": str(tmp_path / "file"), "assignment": mini().packed()}))


@pytest.mark.sandbox
def test_a_file_that_takes_too_much_to_read_is_refused_and_the_grader_takes_nothing(monkeypatch):
    monkeypatch.setattr(supervise, "READING", Limits(memory=2**26, seconds=60))
    with pytest.raises(submitted.Damaged, match="reading it used more than 64 MB of memory"):
        supervise.read(b'{"cells": [' + b'"ab",' * 9_000_000 + b"1]}", mini())
    monkeypatch.undo()
    monkeypatch.setattr(supervise, "MAX_READ", 1000)
    with pytest.raises(submitted.Damaged, match="more text"):
        supervise.read(as_bytes(answered()), mini())


@pytest.mark.parametrize(
    "source, blamed",
    [
        ("kl_surface(kl_term)", False),
        ("raise ValueError\ndef kl_term(z_mean, z_log_var):\n    return 0", True),
        ("x = 1\nkl_term = lost", True),
        ("assert kl_term == 1", False),
    ],
)
def test_a_cell_that_only_uses_a_function_is_not_blamed_for_its_absence(monkeypatch, source, blamed):
    def ask(kernel, name, request):
        raise targets.Undefined(f"The notebook does not define {name}.")

    monkeypatch.setattr(targets, "ask", ask)
    kernel = SimpleNamespace(remembered={})
    target = targets.KernelTarget(kernel, "kl_term", errors=[(source, "NameError: lost")])
    monkeypatch.setattr(target, "_timed", contextlib.nullcontext)
    with pytest.raises(ProbeError) as said:
        target.probe({})
    assert ("the cell that should do so ended with NameError: lost" in str(said.value)) == blamed
