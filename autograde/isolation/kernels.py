"""Start a process in a sandbox of its own, the slow way; a student's kernel above all, for this grader or for any program.

``python -m autograde.isolation.kernels CONNECTION_FILE`` starts a sandboxed kernel; the kernelspec written by
:func:`write_kernelspec` does just that, and works in any program that starts Jupyter kernels (nbgrader, nbclient, JupyterLab).
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograde.isolation import shown
from autograde.isolation.limits import Limits, SandboxMissing
from autograde.isolation.sandbox import chosen
from autograde.isolation.tenancy import Tenancy

#: What starts in a sandbox, and what that needs beside it.
ENTRIES = ("kernel_entry", "replay_entry", "seccomp")

CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


def addresses(connection):
    """The ZeroMQ address of each channel, as ipykernel will write it."""
    separator = "-" if connection["transport"] == "ipc" else ":"
    return [f"{connection['transport']}://{connection['ip']}{separator}{connection[c]}" for c in CHANNELS]


def listen(connection):
    """Bind the five sockets of a connection here, outside the sandbox."""
    sockets = []
    for channel in CHANNELS:
        if connection["transport"] == "ipc":
            server = listen_at(f"{connection['ip']}-{connection[channel]}")
        else:
            server = socket.socket(socket.AF_INET)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((connection["ip"], connection[channel]))
            _given_on(server)
        sockets.append(server)
    return sockets


def listen_at(path: str) -> socket.socket:
    """Bind a socket at a path, outside the sandbox."""
    server = socket.socket(socket.AF_UNIX)
    Path(path).unlink(missing_ok=True)
    server.bind(path)
    os.chmod(path, 0o666)  # who may connect, the folder says
    _given_on(server)
    return server


def _given_on(server: socket.socket) -> None:
    server.listen(128)
    server.setblocking(False)
    server.set_inheritable(True)


class Started(subprocess.Popen):
    """The first process of a sandbox, and what that has to itself."""

    def __init__(self, argv: Sequence[str], *, judge: bool = False, programs=(), shows=(), **options: Any) -> None:
        sandbox = chosen()
        self.tenancy: Tenancy = sandbox.tenancy()
        try:
            line = sandbox.command(argv, self.tenancy, judge=judge, programs=programs, shows=shows)
            super().__init__(line, env=sandbox.environment(judge), cwd="/", start_new_session=True, **options)
        except BaseException:
            self.tenancy.end()
            raise


def start_kernel(connection: dict[str, Any], limits: Limits, sandboxed: bool = True) -> subprocess.Popen:
    """Start a student's kernel; returns its ``Popen`` once the sockets accept connections.

    ``connection`` is the content of a Jupyter connection file. End it, and everything in its sandbox, by
    :func:`autograde.isolation.watch.kill`. Nothing that it prints goes to the terminal or log of whoever started it.
    """
    sockets = listen(connection)
    try:
        listening = dict(zip(addresses(connection), [s.fileno() for s in sockets]))
        order = {"connection": connection, "listening": listening}
        return _start("kernel_entry", order, sockets, limits, sandboxed)
    finally:
        for server in sockets:
            server.close()


def start_replayer(server: socket.socket, limits: Limits, sandboxed: bool = True) -> subprocess.Popen:
    """The same for a process that replays graphs and takes requests at ``server``."""
    return _start("replay_entry", {"listening": server.fileno()}, [server], limits, sandboxed)


def _start(
    program: str, order: dict[str, Any], sockets: Sequence[socket.socket], limits: Limits, sandboxed: bool
) -> subprocess.Popen:
    order["limits"] = chosen().limits(limits) if sandboxed else None
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    options: dict[str, Any] = {"pass_fds": [s.fileno() for s in sockets], **nowhere}
    if sandboxed:
        line = [sys.executable, chosen().program(program), json.dumps(order)]
        return Started(line, programs=ENTRIES, **options)
    line = [sys.executable, str(shown.HERE / f"{program}.py"), json.dumps(order)]
    # By the second variable ipykernel knows that it ends with its parent, however that ends.
    environment = {**os.environ, "NBGRADER_EXECUTION": "autograde", "JPY_PARENT_PID": str(os.getpid())}
    return subprocess.Popen(line, env=environment, start_new_session=True, **options)


def write_kernelspec(folder, name="python3"):
    """Write a kernelspec ``name`` under ``folder`` whose kernels run sandboxed.

    Put ``folder``'s parent of ``kernels`` on ``JUPYTER_PATH``. Returns the path of
    ``kernel.json``.
    """
    path = Path(folder) / "kernels" / name / "kernel.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {
                "argv": [sys.executable, "-m", "autograde.isolation.kernels", "{connection_file}"],
                "display_name": "Python 3 (sandboxed)",
                "language": "python",
                "interrupt_mode": "message",
            },
            indent=1,
        ),
        encoding="utf-8",
    )
    return path


def main(arguments: Sequence[str]) -> None:
    """Entry of the kernelspec: the sandboxed kernel of a connection file, until it ends or this process does."""
    from autograde.isolation.watch import kill

    (connection_file,) = arguments
    connection = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    try:
        process = start_kernel(connection, Limits())
    except SandboxMissing as missing:
        sys.exit(str(missing))
    try:
        process.wait()
    finally:
        kill(process)


if __name__ == "__main__":
    main(sys.argv[1:])
