"""Start the processes of one submission: forked where that can be, else one by one; each with a folder of its own job."""

import contextlib
import json
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from autograde.isolation import folders, kernels, pool
from autograde.isolation.limits import Limits
from autograde.isolation.watch import kill


class Process(Protocol):
    """What is needed of a ``Popen`` or a forked child. ``stdin`` and ``stdout`` are pipes of a judge or a reader."""

    @property
    def pid(self) -> int: ...
    @property
    def stdin(self) -> Any: ...
    @property
    def stdout(self) -> Any: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


def connection(place: str) -> dict[str, Any]:
    """The content of a Jupyter connection file, whose sockets are in ``place``."""
    ports = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
    return {
        "transport": "ipc",
        "ip": place,
        "key": secrets.token_hex(32),
        **{port: i + 1 for i, port in enumerate(ports)},
    }


@contextlib.contextmanager
def folder() -> Iterator[str]:
    """A folder of a job's own, where forked judges and readers can see it."""
    with tempfile.TemporaryDirectory(dir=folders.common()) as folder:
        yield folder


def write_order(folder: str, order: dict[str, Any]) -> None:
    Path(folder, "order.json").write_text(json.dumps(order), encoding="utf-8")


def start_kernel(connection: dict[str, Any], limits: Limits, sandboxed: bool) -> tuple[Process, str | None]:
    """A kernel, and None or why it had to be started the slow way."""
    return _start(pool.start_kernel, kernels.start_kernel, connection, limits, sandboxed)


def start_replayer(server: socket.socket, limits: Limits, sandboxed: bool) -> tuple[Process, str | None]:
    """A process that replays graphs for whoever connects to ``server``; and the same."""
    return _start(pool.start_replayer, kernels.start_replayer, server, limits, sandboxed)


def _start(
    fork: Callable[..., Process], start: Callable[..., Process], place: Any, limits: Limits, sandboxed: bool
) -> tuple[Process, str | None]:
    cold = None
    if sandboxed:
        try:
            return fork(place, limits), None
        except pool.Impossible as why:
            cold = str(why)
    return start(place, limits, sandboxed), cold


def start_trusted(module: str, folder: str, sandboxed: bool) -> tuple[Process, str | None]:
    """A process of ours, which sees this folder and runs ``module`` on the order in it; None or why it was started slowly."""
    cold = None
    with open(Path(folder, "log"), "wb") as log:
        if sandboxed:
            try:
                return pool.start_trusted(module, Path(folder, "order.json"), log), None
            except pool.Impossible as why:
                cold = str(why)
        argv = [sys.executable, "-m", module, f"{folder}/order.json"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        if sandboxed:
            return kernels.Started(argv, judge=True, shows=[folder], **pipes), cold
        return subprocess.Popen(argv, start_new_session=True, **pipes), cold


def end(process: Process) -> None:
    kill(process)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def last_error(folder: str) -> str:
    text = Path(folder, "log").read_text(encoding="utf-8", errors="replace").strip()
    return text[-1500:] or "(it said nothing)"
