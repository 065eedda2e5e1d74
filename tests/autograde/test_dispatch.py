"""Jobs that threads of the grader's own process do: each lands, whatever becomes of it, and none goes on after the run."""

import threading

import pytest

from autograde import dispatch


@pytest.fixture
def threads(monkeypatch):
    """One thread, whose work is to give back its job."""
    monkeypatch.setattr(dispatch, "work", lambda job: {"result": job, "notebook": ""})
    with dispatch.started(None, 1) as workers:
        yield workers


def test_a_job_lands_under_its_name_with_what_was_made_of_it(threads):
    names = [threads.start(None, lambda made=made: made) for made in ("a", "b")]
    assert [threads.landed(5) for _ in names] == [
        (name, {"result": made, "notebook": ""}) for name, made in zip(names, ("a", "b"))
    ]
    assert threads.landed(0.01) is None


@pytest.mark.parametrize("error", [RuntimeError("no room"), OSError(), SystemExit(3), KeyboardInterrupt()])
def test_whatever_is_raised_is_a_failure_with_a_reason(threads, error):
    def fail():
        raise error

    threads.start(None, fail)
    failure = threads.landed(5)[1]["failure"]
    assert failure == (str(error) or type(error).__name__)


def test_a_file_that_is_gone_is_a_failure(threads):
    threads.start(None, lambda: None)
    assert threads.landed(5)[1] == {"failure": "its file cannot be read"}


def test_when_the_run_ends_jobs_that_wait_are_dropped_and_the_threads_end():
    busy, go_on, done = threading.Event(), threading.Event(), []
    before = set(threading.enumerate())
    with dispatch.started(None, 1) as workers:
        workers.start(None, lambda: busy.set() or go_on.wait(5) or None)
        workers.start(None, lambda: done.append("the second"))
        assert busy.wait(5)
        mine = set(threading.enumerate()) - before
    go_on.set()
    for thread in mine:
        thread.join(5)
        assert not thread.is_alive()
    assert done == []


def test_as_many_workers_as_cores_and_one_more_unless_graphs_are_replayed(monkeypatch):
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * 2**30 // 4096}
    monkeypatch.setattr(dispatch.os, "sysconf", sizes.__getitem__)
    monkeypatch.setattr(dispatch.os, "cpu_count", lambda: 4)
    assert (dispatch.default_workers(), dispatch.default_workers(replays=True)) == (5, 4)
    sizes["SC_PHYS_PAGES"] //= 8  # 8 GB
    assert dispatch.default_workers() == dispatch.default_workers(replays=True) == 2
