"""Start untrusted code under bubblewrap: no network, no other files, bounded.

Two kinds of process run here, each in a sandbox of its own:

* the **student's kernel**, an ordinary ipykernel that sees Python, the course's
  library without the judge's half of ``vaelab.checks``, and scratch space that
  vanishes with it;
* the **judge**, which never runs a student's code, but does read what a
  student's kernel sends.

Nothing in a sandbox is writable except three tmpfs folders of a fixed size. The
kernel's ZeroMQ sockets need no writable path either: they are bound *outside*,
by the process that starts the sandbox, and handed in as open file descriptors
(``ZMQ_USE_FD``). So a student cannot fill the grader's disk, and both transports
of Jupyter work although the sandbox has no network.

``python -m autograde.isolation.bubblewrap CONNECTION_FILE`` starts a sandboxed kernel; the
kernelspec written by :func:`write_kernelspec` does just that, and works in any
program that starts Jupyter kernels (nbgrader, nbclient, JupyterLab).
"""

import functools
import json
import os
import shutil
import site
import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

MB = 1024 * 1024
PACKAGE = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent

#: What of a system's or an interpreter's own folder is shown. Whatever else lies in there is people's: projects, submissions.
PREFIX = ("bin", "sbin", "lib", "lib32", "lib64", "libexec", "include", "share", "etc", "ssl", "pyvenv.cfg")

# The student's half of vaelab.checks; everything else in that folder is the judge's.
STUDENT_CHECKS = ("__init__.py", "message.py", "student", "replay")

SCRATCH = {"/home/student": 256 * MB, "/tmp": 256 * MB, "/dev/shm": 64 * MB}


class SandboxMissing(RuntimeError):
    """This machine cannot isolate a student's code; the message says what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Sizes in bytes, time in seconds.

    ``memory`` counts anonymous memory of all its processes together; ``processes``
    counts processes, not threads; ``output`` is everything its cells print or
    display; ``file_size`` bounds one file in its scratch folders, which hold
    576 MB together.
    """

    memory: int = 3 * 1024 * MB
    seconds: float = 600.0
    processes: int = 256
    output: int = 50 * MB
    file_size: int = 200 * MB


def require_bubblewrap():
    """Path of a working ``bwrap``. Raises :class:`SandboxMissing` if there is none."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxMissing(
            "bubblewrap is not installed, so students' code cannot be isolated from this machine. "
            "Install it (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap; "
            "it needs Linux, so on macOS or Windows grade in a Linux virtual machine), "
            "or pass --no-sandbox if you trust every author of every submission."
        )
    trial = subprocess.run(
        [bwrap, *_namespaces(), *_system(), "--proc", "/proc", "--dev", "/dev", "--", "/bin/true"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    if trial.returncode != 0:
        raise SandboxMissing(
            f"bubblewrap is installed but cannot start a sandbox here: {trial.stderr.strip()[:300]}. "
            "Unprivileged user namespaces may be switched off: see 'sysctl kernel.unprivileged_userns_clone', "
            "'sysctl user.max_user_namespaces' and, on Ubuntu 24.04, AppArmor's profile for bwrap; in Docker, "
            "start the container with --security-opt seccomp=unconfined --security-opt systempaths=unconfined."
        )
    return bwrap


def _namespaces(last=True):
    """``last``: no further sandbox is made inside this one, and it ends with the thread that starts it.

    Otherwise it ends with its first process, which sees to the rest.
    """
    return [
        "--unshare-user",
        "--unshare-all",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--hostname",
        "sandbox",
        "--new-session",
        "--cap-drop",
        "ALL",
        "--clearenv",
        *(["--disable-userns", "--die-with-parent"] if last else ["--as-pid-1"]),
    ]


def _system() -> list[str]:
    """Arguments that show the operating system and Python, read-only."""
    args = []
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", *_inside("/usr"), *_inside("/usr/local")):
        args += _show(path)
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        args += ["--ro-bind-try", name, name]
    for path in _python():
        args += _show(path)
    return args


def _show(path: str) -> list[str]:
    """Arguments that show ``path``, if it is there; a link to a neighbour stays one."""
    if not os.path.exists(path):
        return []
    if os.path.islink(path) and ("/" not in os.readlink(path) or path.count("/") == 1):
        return ["--symlink", os.readlink(path), path]
    return ["--ro-bind", path, path]


def _inside(prefix: str) -> list[str]:
    return [f"{prefix.rstrip('/')}/{name}" for name in PREFIX]


@functools.cache
def _of_python() -> list[str]:
    """Of the interpreter's own folders what is on the list, and where packages are."""
    prefixes = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    paths = [path for prefix in prefixes for path in _inside(prefix)]
    paths += [path for path in [*site.getsitepackages(), site.getusersitepackages()] if path in sys.path]
    return [path for path in paths if os.path.exists(path)]


def _python() -> list[str]:
    """The same, but for what is shown of the system in any case."""
    return _outermost(path for path in _of_python() if not _lies_in(path, [*_inside("/usr"), *_inside("/usr/local")]))


def _outermost(paths: Iterable[str]) -> list[str]:
    """Those of ``paths`` that lie in no other."""
    kept: list[str] = []
    for path in sorted(paths, key=len):
        if not _lies_in(path, kept):
            kept.append(path)
    return kept


def _lies_in(path: str, folders: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


#: Folders and files that no sandbox of this process shows, wherever they are: results, submissions, courses.
_hidden: set[str] = set()


def hide(paths: Iterable[Path | str]) -> None:
    """Let no sandbox that is started from now on show these."""
    _hidden.update(str(Path(path).resolve()) for path in paths)


def private() -> list[str]:
    """What of the hidden, and of this project, lies in a folder that is shown, and has to be covered; none of it inside another."""
    library, project = _vaelab(), _vaelab().parent
    # Installed among other packages, the project is no more than its own two; else it has solutions, tests and submissions.
    own = [library, PACKAGE] if project.name in ("site-packages", "dist-packages") else [project, PACKAGE]
    shown = [*_inside("/usr"), *_inside("/usr/local"), *_python()]
    found = {path for path in {*map(str, own), *_hidden} if os.path.exists(path) and _lies_in(path, shown)}
    # What is inside the library is covered when that is shown again.
    return _outermost(path for path in found if not _within(path))


def _within(path: str) -> bool:
    """Whether it lies within one of this project's packages, which are shown."""
    return any(Path(path) != folder and Path(path).is_relative_to(folder) for folder in (_vaelab(), PACKAGE))


def _vaelab() -> Path:
    import vaelab

    return Path(vaelab.__file__).resolve().parent


def _cover(path: str) -> list[str]:
    return ["--tmpfs", path] if os.path.isdir(path) else ["--ro-bind", "/dev/null", path]


def _library(judge: bool) -> list[str]:
    """Arguments that cover what is people's, then show ``vaelab``: all of it to the judge, to a student without its half."""
    library, covers = _vaelab(), private()
    args = [arg for path in covers for arg in _cover(path)]
    again = [path for path in _of_python() if path not in covers and _lies_in(path, covers)]
    args += [arg for path in _outermost(again) for arg in _show(path)]
    args += ["--ro-bind", str(library), str(library)]
    tmpfs = [path for path in covers if os.path.isdir(path)]
    if judge:
        args += ["--ro-bind", str(PACKAGE), str(PACKAGE)]
    else:
        checks = library / "checks"
        args += ["--tmpfs", str(checks)]
        for name in STUDENT_CHECKS:
            args += ["--ro-bind-try", str(checks / name), str(checks / name)]
        tmpfs.append(str(checks))
    inner = [
        path
        for path in _hidden
        if os.path.exists(path) and _within(path) and (judge or Path(path).is_relative_to(library))
    ]
    args += [arg for path in inner for arg in _cover(path)]
    return args + [arg for path in [*tmpfs, *filter(os.path.isdir, inner)] for arg in ("--remount-ro", path)]


def command(argv, *, judge=False, warm=False, extra=()):
    """The ``bwrap`` command line that runs ``argv`` in a fresh sandbox.

    ``judge`` shows the judge's files as well; ``warm`` is for a process that never runs
    anybody's code but ours and makes sandboxes inside this one (:mod:`autograde.isolation.forkserver`);
    ``extra`` are further bwrap arguments (read-only binds). No environment is inherited.
    """
    args = [require_bubblewrap(), *_namespaces(last=not warm)]
    # Scratch space first: the project itself may lie somewhere under /tmp.
    for folder, size in SCRATCH.items():
        if folder != "/dev/shm":
            args += ["--size", str(size), "--tmpfs", folder]
    args += [*_system(), *_library(judge)]
    # /proc is read-only because the files of /proc/sys belong to root: a grader that runs
    # as root would otherwise lend every student the right to write them.
    args += ["--bind", "/proc", "/proc"] if warm else ["--proc", "/proc", "--remount-ro", "/proc"]
    args += [
        "--dev",
        "/dev",
        "--dev-bind",
        "/dev/null",
        "/dev/zero",
    ]  # a shared mapping of it is memory on nobody's account
    args += ["--size", str(SCRATCH["/dev/shm"]), "--tmpfs", "/dev/shm"]
    args += ["--remount-ro", "/dev", *extra, "--remount-ro", "/", "--chdir", "/home/student"]
    for name, value in _environment():
        args += ["--setenv", name, value]
    return [*args, "--", *argv]


def below_scratch(judge: bool) -> list[str]:
    """What is in sight and lies in a scratch folder, where the project or Python are under /tmp."""
    shown = [*_python(), str(_vaelab()), *([str(PACKAGE)] if judge else [])]
    return [path for path in shown if _lies_in(path, SCRATCH)]


def _environment():
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"])
    import vaelab

    library = str(Path(vaelab.__file__).resolve().parent.parent)
    return [
        ("PATH", path),
        ("PYTHONPATH", library),
        ("HOME", "/home/student"),
        ("USER", "student"),
        ("LANG", "C.UTF-8"),
        ("TMPDIR", "/tmp"),
        ("TZ", "UTC"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONHASHSEED", "random"),
        ("MPLBACKEND", "module://matplotlib_inline.backend_inline"),
        ("CUDA_VISIBLE_DEVICES", "-1"),
        ("TF_CPP_MIN_LOG_LEVEL", "2"),
        ("KERAS_BACKEND", "tensorflow"),
        ("NBGRADER_EXECUTION", "autograde"),
        # There are enough workers for all cores; and results do not depend on how many there are. Not one thread: with
        # a single one, oneDNN destroys memory in the gradient of a 1x1 convolution with strides (TensorFlow 2.21).
        ("TF_NUM_INTRAOP_THREADS", "2"),
        # Of the course's figures, the judge keeps the description only: HTML is not let through.
        ("VAELAB_FIGURES", "described"),
    ]


# --- a kernel ---------------------------------------------------------------------------

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
            server = socket.socket(socket.AF_UNIX)
            path = f"{connection['ip']}-{connection[channel]}"
            Path(path).unlink(missing_ok=True)
            server.bind(path)
        else:
            server = socket.socket(socket.AF_INET)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((connection["ip"], connection[channel]))
        server.listen(128)
        server.setblocking(False)
        server.set_inheritable(True)
        sockets.append(server)
    return sockets


def kernel_command(connection, limits, sockets, sandboxed=True):
    """The command line of a kernel that listens on ``sockets`` (see :func:`listen`)."""
    listening = dict(zip(addresses(connection), [s.fileno() for s in sockets]))
    order = json.dumps(
        {"connection": connection, "listening": listening, "limits": asdict(limits) if sandboxed else None}
    )
    program = HERE / "kernel_entry.py"
    if not sandboxed:
        return [sys.executable, str(program), order]
    inside = "/run/kernel_entry.py"
    return command([sys.executable, inside, order], extra=["--ro-bind", str(program), inside])


def start_kernel(connection, limits, sandboxed=True):
    """Start a student's kernel; returns its ``Popen`` once the sockets accept connections.

    ``connection`` is the content of a Jupyter connection file. Kill the returned
    process to end everything in the sandbox.
    """
    sockets = listen(connection)
    try:
        # bwrap's own environment must be empty, too: in the sandbox, /proc/1/environ shows it.
        environment = {} if sandboxed else {**os.environ, "NBGRADER_EXECUTION": "autograde"}
        return subprocess.Popen(
            kernel_command(connection, limits, sockets, sandboxed),
            env=environment,
            start_new_session=True,
            pass_fds=[s.fileno() for s in sockets],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        for server in sockets:
            server.close()


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
                "argv": [sys.executable, "-m", "autograde.isolation.bubblewrap", "{connection_file}"],
                "display_name": "Python 3 (sandboxed)",
                "language": "python",
                "interrupt_mode": "message",
            },
            indent=1,
        ),
        encoding="utf-8",
    )
    return path


def main(arguments):
    """Entry of the kernelspec: become the sandboxed kernel of a connection file."""
    (connection_file,) = arguments
    connection = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    try:
        sockets = listen(connection)
        line = kernel_command(connection, Limits(), sockets)
    except SandboxMissing as missing:
        sys.exit(str(missing))
    # The terminal or log of whoever started this is not the student's to write to.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.execve(line[0], line, {})


if __name__ == "__main__":
    main(sys.argv[1:])
