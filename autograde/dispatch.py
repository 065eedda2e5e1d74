"""Jobs go to workers here, and come back when they are done. Workers are threads of this process, or those of a Dask scheduler."""

import contextlib
import itertools
import json
import logging
import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from autograde.isolation.limits import SandboxMissing
from autograde.job import GraderFailure, Job, grade


def default_workers(replays: bool = False) -> int:
    """One more than there are cores, as long as there are 4 GB of memory for each.

    A submission computes on one core, and waits now and then: for a sandbox to begin or to end, for the disk. One with
    ``replays`` computes on several at times: of these there are as many as cores, for one more would slow down the others.
    """
    cores = os.cpu_count() or 2
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not Linux
        return max(1, cores // 2)
    return max(1, min(cores if replays else cores + 1, memory // (4 * 2**30)))


def work(job: Job) -> dict[str, Any]:
    """On a worker: grade one job; ``{"result", "notebook"}``, or ``{"failure": why}``. Grader failures come back as values, so that they can be counted."""
    try:
        result, notebook = grade(job)
        for text in (json.dumps(result, ensure_ascii=False), notebook):
            text.encode()  # what cannot be written fails here, and not where all submissions meet
    except (GraderFailure, SandboxMissing, OSError, UnicodeEncodeError) as failure:
        return _failed(failure)
    return {"result": result, "notebook": notebook}


def _failed(error: BaseException) -> dict[str, Any]:
    """The message of a failure, or its name if it has none."""
    return {"failure": str(error).strip()[:2000] or type(error).__name__}


class Workers:
    """Workers, which grade jobs; :func:`started` makes them."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._names = itertools.count()
        self._done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def start(self, job: Job, again: Callable[[], Job | None]) -> int:
        """Have ``job`` graded; ``again`` makes the same job anew, for workers that read the file themselves.

        Returns the name by which :meth:`landed` calls it.
        """
        raise NotImplementedError

    def landed(self, timeout: float | None = None) -> tuple[int, dict] | None:
        """The name of a job that is done, and what :func:`work` said; None if there is none within ``timeout`` seconds."""
        try:
            name, told = self._done.get(timeout=timeout)
        except queue.Empty:
            return None
        return name, self._outcome(name, told)

    def _outcome(self, name: int, told: Any) -> dict:
        return told


class Threads(Workers):
    """Threads of this process. Sandboxes do the heavy work, so threads are enough, and no port is open.

    Each makes its job itself, so that few submissions are in memory at a time.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._todo: queue.SimpleQueue[tuple[int, Callable[[], Job | None]] | None] = queue.SimpleQueue()

    def begin(self) -> None:
        """Start the threads."""
        for _ in range(self.number):
            threading.Thread(target=self._work, daemon=True).start()

    def close(self) -> None:
        """No more jobs will come, and those that wait are dropped; what is being graded goes on, or ends with the process."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._todo.get_nowait()
        for _ in range(self.number):
            self._todo.put(None)

    def start(self, job: Job, again: Callable[[], Job | None]) -> int:
        name = next(self._names)
        self._todo.put((name, again))
        return name

    def _work(self) -> None:
        while self._one():
            pass

    def _one(self) -> bool:
        """Grade what comes next; whether something did. What was graded is held by nobody afterwards."""
        todo = self._todo.get()
        if todo is None:
            return False
        name, again = todo
        try:
            job = again()
            outcome = {"failure": "its file cannot be read"} if job is None else work(job)
        except BaseException as error:  # whatever it is, a job must land
            outcome = _failed(error)
        self._done.put((name, outcome))
        return True


class Elsewhere(Workers):
    """Workers of a Dask scheduler."""

    def __init__(self, client: Any) -> None:
        super().__init__(max(1, sum(client.nthreads().values())))
        self._client, self._flight = client, {}

    def start(self, job: Job, again: Callable[[], Job | None]) -> int:
        name = next(self._names)
        self._flight[name] = future = self._client.submit(work, job, pure=False, retries=0)
        future.add_done_callback(lambda done: self._done.put((name, done)))
        return name

    def _outcome(self, name: int, told: Any) -> dict:
        del self._flight[name]
        try:
            return told.result()
        except Exception as lost:  # a worker that died, or could not run this code at all
            return {"failure": f"a worker was lost: {lost}"}
        finally:
            told.release()


@contextlib.contextmanager
def started(scheduler: str | None, threads: int) -> Iterator[Workers]:
    """Workers of the Dask ``scheduler`` given, or so many ``threads``."""
    if not scheduler:
        ours = Threads(threads)
        try:
            ours.begin()
            yield ours
        finally:
            ours.close()
        return
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", "Sending large graph")  # a submission may have 64 MB
    with Client(scheduler, timeout=20) as client:
        client.wait_for_workers(1, timeout=60)
        yield Elsewhere(client)
