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

import json
import os
import re
import shutil
import signal
import site
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

MB = 1024 * 1024
PACKAGE = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent

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


def _system():
    """Arguments that show the operating system and Python, read-only."""
    args = ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            args += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            args += ["--ro-bind", name, name]
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        args += ["--ro-bind-try", name, name]
    for prefix in _python_folders():
        args += ["--ro-bind", prefix, prefix]
    return args


def _python_folders():
    """The interpreter's own folders and site-packages, shortest first, none inside another."""
    folders = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    folders |= {p for p in [*site.getsitepackages(), site.getusersitepackages()] if p in sys.path}
    kept = []
    for folder in sorted(folders, key=len):
        if os.path.isdir(folder) and not any(Path(folder).is_relative_to(k) for k in ["/usr", *kept]):
            kept.append(folder)
    return kept


def _library(judge):
    """Arguments that show ``vaelab``: all of it to the judge, without the judge's half to a student."""
    import vaelab

    library = Path(vaelab.__file__).resolve().parent
    checks = library / "checks"
    args = ["--ro-bind", str(library), str(library)]
    if judge:
        args += ["--ro-bind", str(PACKAGE), str(PACKAGE)]
    else:
        args += ["--tmpfs", str(checks)]
        for name in STUDENT_CHECKS:
            args += ["--ro-bind-try", str(checks / name), str(checks / name)]
        args += ["--remount-ro", str(checks)]
        if any(PACKAGE.is_relative_to(prefix) for prefix in ["/usr", *_python_folders()]):
            args += ["--tmpfs", str(PACKAGE), "--remount-ro", str(PACKAGE)]
    return args


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


def below_scratch(judge):
    """Folders in sight that lie in a scratch folder, where the project or Python are under /tmp."""
    import vaelab

    shown = [*_python_folders(), str(Path(vaelab.__file__).resolve().parent), *([str(PACKAGE)] if judge else [])]
    return [folder for folder in shown if any(Path(folder).is_relative_to(scratch) for scratch in SCRATCH)]


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


# --- watching ---------------------------------------------------------------------------


def processes(root):
    """Process ids of ``root`` and everything below it, from /proc (Linux)."""
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as children:
                    queue += map(int, children.read().split())
        except (OSError, ValueError):
            pass  # gone between two looks
    return found


#: Of what ``status`` tells of a process: memory of its own, shared memory (a mapping that is shared with nobody is of this
#: kind, too), and the tables of its pages, which grow with every page that is looked at, of zeros as well.
TAKEN, TABLES = rb"RssAnon|RssShmem|VmPTE", rb"VmPTE"


def anonymous_memory(pid, which=TAKEN):
    """Bytes of memory that ``pid`` takes: resident, less what comes from files on a disk."""
    try:
        with open(f"/proc/{pid}/status", "rb", buffering=0) as status:
            return 1024 * sum(map(int, re.findall(rb"\n(?:%b):\s*(\d+)" % which, status.read())))
    except OSError:
        return 0


def memory(pids):
    """Bytes of anonymous memory of several processes, pages that they share counted once.

    Pages that a forked sandbox shares with its nursery count in part. Whoever does not
    let us look (a process can forbid it) is counted in full.
    """
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
            total += anonymous_memory(pid, TABLES)
        except OSError:
            total += anonymous_memory(pid)
    return total


class Watch:
    """Says when a sandbox exceeds its limits, and remembers the most it used.

    Memory is looked at twice: the sum over the processes is quick and never too small, but
    counts pages that they share with each other, or with a nursery, more than once. How much
    that is takes a hundred times as long to find out, and changes little: it is found out
    again when the sum has doubled, and whenever the sum alone would exceed the limit.
    """

    def __init__(self, root, limits):
        self.root, self.limits = root, limits
        self.started = time.monotonic()
        self.peak_memory = 0
        self.peak_processes = 0
        self._most = self._shared = 0  # of the quick sum
        self._newest, self._processes = None, []

    def restarted(self, limits):
        """A watch over the same processes with other limits, whose time begins now."""
        watch = Watch(self.root, limits)
        watch.peak_memory, watch.peak_processes = self.peak_memory, self.peak_processes
        return watch

    def seconds(self):
        return time.monotonic() - self.started

    def processes(self):
        """As the function of this name, which need not look again if nothing was started on this machine since it did."""
        newest = (
            Path("/proc/loadavg").read_text(encoding="ascii").split()[-1]
        )  # the last process id, or thread's, given out
        if newest != self._newest:
            self._newest, self._processes = newest, processes(self.root)
        return self._processes

    def exceeded(self):
        """None, or a sentence that says which limit was passed."""
        pids = self.processes()
        self.peak_processes = max(self.peak_processes, len(pids))
        at_most = sum(map(anonymous_memory, pids))
        if at_most > self.limits.memory or at_most > 2 * self._most:
            self._most = max(self._most, at_most)
            self._shared = max(0, at_most - memory(pids))
        used = at_most - self._shared
        self.peak_memory = max(self.peak_memory, used)
        if used > self.limits.memory:
            return f"it used more than {self.limits.memory // MB} MB of memory"
        if len(pids) > self.limits.processes:
            return f"it started more than {self.limits.processes} processes"
        if self.seconds() > self.limits.seconds:
            return f"it ran for more than {self.limits.seconds:g} s"
        return None


def kill(process):
    """End a sandbox: with its first process, the kernel ends every other one in it."""
    if not isinstance(process, subprocess.Popen):
        return process.kill()
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


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
