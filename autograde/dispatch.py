"""Jobs on Dask's workers: they are started here, and come back here when they are done."""

import contextlib
import itertools
import json
import logging
import os
import queue
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from autograde.isolation.limits import SandboxMissing
from autograde.job import GraderFailure, Job, grade

#: Dask watches itself, many times a second, and remembers what happened, for people who work on Dask: time, and memory that
#: would grow with the class.
UNWATCHED = {
    "distributed.admin.low-level-log-length": 10,
    "distributed.diagnostics.computations.max-history": 1,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.admin.system-monitor.log-length": 10,
}


def default_workers() -> int:
    """One more than there are cores, as long as there are 4 GB of memory for each.

    A submission computes on one core, and waits now and then: for a sandbox to begin or to end, for the disk.
    """
    cores = os.cpu_count() or 2
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not Linux
        return max(1, cores // 2)
    return max(1, min(cores + 1, memory // (4 * 2**30)))


def work(job: Job) -> dict[str, Any]:
    """On a worker: grade one job; ``{"result", "notebook"}``, or ``{"failure": why}``. Grader failures come back as values, so that they can be counted."""
    try:
        result, notebook = grade(job)
        for text in (json.dumps(result, ensure_ascii=False), notebook):
            text.encode()  # what cannot be written fails here, and not where all submissions meet
    except (GraderFailure, SandboxMissing, OSError, UnicodeEncodeError) as failure:
        return {"failure": str(failure)[:2000]}
    return {"result": result, "notebook": notebook}


#: How to make the jobs that workers of this process's own are about to do, by the name that those are given: bytes that go
#: through Dask are held three times over, and a submission may have 64 MB.
_here: dict[int, Callable[[], Job | None]] = {}


def work_here(name: int) -> dict:
    """The same on a worker of this process's own, which reads the submission itself."""
    job = _here[name]()
    return {"failure": "its file cannot be read"} if job is None else work(job)


class Workers:
    """Workers of a Dask scheduler, or ``threads`` of this process's own; for use in :func:`started`."""

    def __init__(self, client: Any, elsewhere: bool) -> None:
        self.client, self.elsewhere = client, elsewhere
        self.number = max(1, sum(client.nthreads().values()))
        self._names, self._flight, self._done = itertools.count(), {}, queue.SimpleQueue()

    def start(self, job: Job, again: Callable[[], Job | None]) -> int:
        """Have ``job`` graded; workers of our own make it ``again`` there. Returns the name by which :meth:`landed` calls it."""
        name = next(self._names)
        if self.elsewhere:
            future = self.client.submit(work, job, pure=False, retries=0)
        else:
            _here[name] = again
            future = self.client.submit(work_here, name, pure=False, retries=0)
        self._flight[name] = future
        future.add_done_callback(lambda _: self._done.put(name))
        return name

    def landed(self, timeout: float | None = None) -> tuple[int, dict] | None:
        """The name of a job that is done, and what :func:`work` said; None if there is none within ``timeout`` seconds."""
        try:
            name = self._done.get(timeout=timeout)
        except queue.Empty:
            return None
        future = self._flight.pop(name)
        _here.pop(name, None)
        try:
            outcome = future.result()
        except Exception as lost:  # a worker that died, or could not run this code at all
            outcome = {"failure": f"a worker was lost: {lost}"}
        future.release()
        return name, outcome


@contextlib.contextmanager
def started(scheduler: str | None, threads: int) -> Iterator[Workers]:
    """Workers of the ``scheduler`` given, or of our own.

    Our own are threads: all that they do is to watch two sandboxes, and threads need no
    port on which other users of this machine could send them code.
    """
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", "Sending large graph")  # a submission may have 64 MB
    if scheduler:
        with Client(scheduler, timeout=20) as client:
            client.wait_for_workers(1, timeout=60)
            yield Workers(client, elsewhere=True)
    else:
        with (
            dask.config.set(UNWATCHED),
            LocalCluster(
                n_workers=1,
                threads_per_worker=threads,
                processes=False,
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield Workers(client, elsewhere=False)
