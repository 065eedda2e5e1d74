"""Jobs on workers, threads of this process or a Dask scheduler's: they are started here, and come back here when they are done."""

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


class Workers:
    """Who grades; for use in :func:`started`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._names = itertools.count()
        self._done: queue.SimpleQueue[int] = queue.SimpleQueue()

    def start(self, job: Job, again: Callable[[], Job | None]) -> int:
        """Have ``job`` graded, which ``again`` makes once more. Returns the name by which :meth:`landed` calls it."""
        raise NotImplementedError

    def landed(self, timeout: float | None = None) -> tuple[int, dict] | None:
        """The name of a job that is done, and what :func:`work` said; None if there is none within ``timeout`` seconds."""
        try:
            name = self._done.get(timeout=timeout)
        except queue.Empty:
            return None
        return name, self._outcome(name)

    def _outcome(self, name: int) -> dict:
        raise NotImplementedError


class Threads(Workers):
    """Threads of this process: all that they do is to watch sandboxes, and they need no port on which others could send them code.

    They make their jobs themselves, so that few submissions are in memory at a time. They end with the process.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._todo: queue.SimpleQueue[tuple[int, Callable[[], Job | None]] | None] = queue.SimpleQueue()
        self._outcomes: dict[int, dict] = {}
        for _ in range(number):
            threading.Thread(target=self._work, daemon=True).start()

    def start(self, job: Job, again: Callable[[], Job | None]) -> int:
        name = next(self._names)
        self._todo.put((name, again))
        return name

    def close(self) -> None:
        """No more jobs will come."""
        for _ in range(self.number):
            self._todo.put(None)

    def _work(self) -> None:
        while (todo := self._todo.get()) is not None:
            name, again = todo
            self._outcomes[name] = self._one(again)
            self._done.put(name)

    @staticmethod
    def _one(again: Callable[[], Job | None]) -> dict:
        try:
            job = again()
            return {"failure": "its file cannot be read"} if job is None else work(job)
        except Exception as error:
            return {"failure": f"{type(error).__name__}: {error}"}

    def _outcome(self, name: int) -> dict:
        return self._outcomes.pop(name)


class Elsewhere(Workers):
    """Workers of a Dask scheduler."""

    def __init__(self, client: Any) -> None:
        super().__init__(max(1, sum(client.nthreads().values())))
        self._client, self._flight = client, {}

    def start(self, job: Job, again: Callable[[], Job | None]) -> int:
        name = next(self._names)
        self._flight[name] = future = self._client.submit(work, job, pure=False, retries=0)
        future.add_done_callback(lambda _: self._done.put(name))
        return name

    def _outcome(self, name: int) -> dict:
        future = self._flight.pop(name)
        try:
            return future.result()
        except Exception as lost:  # a worker that died, or could not run this code at all
            return {"failure": f"a worker was lost: {lost}"}
        finally:
            future.release()


@contextlib.contextmanager
def started(scheduler: str | None, threads: int) -> Iterator[Workers]:
    """Workers of the Dask ``scheduler`` given, or so many ``threads``."""
    if not scheduler:
        ours = Threads(threads)
        try:
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
