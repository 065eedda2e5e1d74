"""The first process of a warm sandbox: imports everything, runs nothing, forks on request.

Importing TensorFlow takes four to six seconds, and every submission would pay for it. This
process pays once. It never runs a student's code, nor any TensorFlow operation (those start
threads, and a fork does not copy threads). For each order that arrives on its socket it forks
a child, and the child puts itself into a sandbox of its own before it does anything else:

* new user, PID, mount, IPC, network, UTS and cgroup namespaces. The child sees no process but
  its own, no network, no System V or POSIX object, no abstract socket of anybody else's;
* its own ``/proc``, read-only, and its own pseudo-terminals; its own empty home, ``/tmp`` and
  ``/dev/shm``. All else was read-only before;
* no open file but those of the order; no capability, no way to a new user namespace, no
  system calls that reach the kernel's key store, which knows no namespaces (bubblewrap did the
  rest: no new privileges, a clean environment, only the files that it was shown).

The child's first process (number 1 in there) stays behind to collect orphans, out of reach of
the second, which runs the student's kernel or the judge. What a child shares with this process
and with other children are memory pages that nobody can write: whoever writes gets a copy. It
also shares the memory layout and Python's hash seed with them, which are nobody's secret;
random generators are seeded anew.

Why ``/proc`` is the machine's own in *this* process: the Linux kernel allows a new ``/proc``
in a user namespace only to those who can see all of another one, and in bubblewrap's some
parts are covered when the grader runs as root. The child mounts its own above it for good.

Where namespaces are forbidden, :mod:`autograde.isolation.confine` takes their place; the rest is the same.

Stands alone, as :mod:`autograde.isolation.kernel_entry` does. Ends when its socket is closed, and as
process 1 of its sandbox it takes everything in there along.
"""

import contextlib
import ctypes
import fcntl
import functools
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import traceback

libc = ctypes.CDLL(None, use_errno=True)

# From <sched.h>, <sys/mount.h>, <sys/prctl.h>, <linux/capability.h>, <linux/sockios.h>, <net/if.h>.
NAMESPACES = {
    "mount": 0x20000,
    "cgroup": 0x2000000,
    "uts": 0x4000000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "network": 0x40000000,
}
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_DUMPABLE, PR_CAPBSET_DROP = 4, 24
CAPABILITY_VERSION = 0x20080522
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

# From <linux/mman.h>.
MADV_COLLAPSE = 25
LARGE_PAGE = 2 << 20

#: The largest order, in bytes, and the most descriptors that come with one.
MAX_ORDER, MAX_DESCRIPTORS = 65536, 16


def call(name, *arguments):
    """A C function that returns a negative number for an error, as one that raises OSError."""
    if getattr(libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def mount(source, target, kind, flags, data=""):
    try:
        call("mount", source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({kind or 'bind'} on {target})") from None


def write(path, text):
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def enter_namespaces():
    """New namespaces for this process; the PID namespace begins with its next child."""
    uid, gid = os.getuid(), os.getgid()
    call("unshare", sum(NAMESPACES.values()))
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{uid} {uid} 1")
    write("/proc/self/gid_map", f"{gid} {gid} 1")


def mount_private(scratch, keep):
    """Mount what a child has to itself: scratch folders, terminals, processes.

    ``scratch`` are ``[folder, bytes]``; ``keep`` is what lies in them and stays in sight, as read-only as it was.
    Needs the old ``/proc`` and covers it at the end.
    """
    mount("", "/", "", MS_REC | MS_PRIVATE)
    write("/proc/sys/user/max_user_namespaces", "0")
    write("/proc/self/oom_score_adj", "500")  # if the machine runs out of memory, students go first
    links = {path: os.readlink(path) for path in keep if os.path.islink(path)}
    kept = [(path, os.path.isdir(path), os.open(path, os.O_PATH)) for path in keep if path not in links]
    for folder, size in scratch:
        os.makedirs(folder, exist_ok=True)  # it may lie in one that has just been covered
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=0755,size={size}")
    for path, is_folder, descriptor in kept:
        os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)
        if not is_folder:
            open(path, "w").close()
        mount(f"/proc/self/fd/{descriptor}", path, "", MS_BIND | MS_REC)
        os.close(descriptor)
    for path, target in links.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    # Where this process stood has been covered, too.
    os.chdir(os.environ["HOME"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def drop_capabilities():
    """Give up, for this process and its children, all rights in the new namespaces."""
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # the kernel has no more of them
    call("capset", struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24))
    with open("/proc/self/status", encoding="ascii") as status:
        rights = [line.split()[1] for line in status if line.startswith("Cap")]
    if any(int(right, 16) for right in rights):
        raise OSError(f"capabilities remain: {rights}")


def close_all_but(descriptors):
    before = 3
    for descriptor in sorted({*descriptors, os.sysconf("SC_OPEN_MAX")}):
        if descriptor >= before:
            os.closerange(before, descriptor)
            before = descriptor + 1


def fork_child(order, descriptors, begins):
    """Fork a child in a sandbox of its own; returns its first process's pidfd.

    Raises OSError if that was impossible; then nothing has run.
    """
    enter_namespaces()
    return started(lambda tell: be_first(order, descriptors, begins, tell))


def fork_confined(grants, order, descriptors, begins):
    """The same without namespaces: a child that :mod:`autograde.isolation.confine` confines to ``grants`` and to the order's own."""
    import confine  # type: ignore[import-not-found]

    order["grants"] = [*grants, *order["grants"]]

    def be_confined(tell):
        close_all_but([*descriptors, tell])
        confine.run(order, lambda: be_second(order, descriptors, begins), tell)

    return started(be_confined)


def started(be_first_of):
    """Fork the first process of a sandbox, which runs ``be_first_of(tell)`` and says "ready" to ``tell``; its pidfd."""
    answer, tell = os.pipe()
    first = os.fork()
    if first == 0:
        try:
            os.close(answer)
            be_first_of(tell)
        finally:
            os._exit(1)
    os.close(tell)
    pidfd = os.pidfd_open(first)
    with os.fdopen(answer, "rb") as stream:
        said = stream.read()
    if said != b"ready":
        raise OSError(said.decode(errors="replace") or "the first process died")
    return pidfd


def be_first(order, descriptors, begins, tell):
    """Process 1 of a child: make the sandbox, start what is to run in it, collect orphans."""
    try:
        os.setsid()
        close_all_but([*descriptors, tell])
        mount_private(order["scratch"], order["keep"])
        drop_capabilities()
        call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)  # nobody reads or traces this process
        os.write(tell, b"ready")
        os.close(tell)
    except BaseException as error:
        os.write(tell, str(error).encode() or b"?")
        os._exit(1)
    second = os.fork()
    if second == 0:
        call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # it may look at itself in /proc
        be_second(order, descriptors, begins)
    # Signals from inside do not reach a process 1 that has no handlers.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    while os.wait()[0] != second:
        pass
    os._exit(0)


def be_second(order, descriptors, begins):
    status = 1
    try:
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed()  # Python seeds its own generator after a fork
        begins[order["module"]](order["arguments"], descriptors)
        status = 0
    except SystemExit:
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


def gather_in_large_pages():
    """Move the memory of this process into pages of 2 MB, where Linux can do that (6.1).

    A fork copies the table of the pages, and the end of the child takes it apart: of a hundred thousand small ones in
    ten milliseconds each, three times for a sandbox. A child that writes to a large page gets a copy of 4 KB of it, as before.
    """
    with open("/proc/self/maps", encoding="ascii") as maps:
        mapped = [line.split()[:5] for line in maps]
    for place, rights, _, _, file in mapped:
        begin, end = (int(address, 16) for address in place.split("-"))
        begin, end = -(-begin // LARGE_PAGE) * LARGE_PAGE, end // LARGE_PAGE * LARGE_PAGE
        if rights == "rw-p" and file == "0" and begin < end:
            libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_COLLAPSE)


def answer(data, descriptors, begins, fork):
    """Carry out one order; the answer goes to the order's own socket, the first of the ``descriptors``."""
    reply, *descriptors = descriptors
    with socket.socket(fileno=os.dup(reply)) as line:
        try:
            pidfd = fork(json.loads(data), descriptors, begins)
            socket.send_fds(line, [b"{}"], [pidfd])
            os.close(pidfd)
        except BaseException as error:
            line.send(json.dumps({"error": str(error) or repr(error)}).encode())


def main():
    settings = json.loads(sys.argv.pop())
    gc.disable()  # of what is imported nothing is garbage: a fifth of the time would go into looking for it
    with socket.socket(fileno=settings["socket"]) as orders:
        if settings["preload"]:
            threaded = importlib.import_module("preload").load(settings["preload"], settings["imports"])
            if threaded is not None:  # a fork does not copy threads: once more, without it
                settings["imports"].remove(threaded)
                os.execv(sys.executable, [sys.executable, sys.argv[0], json.dumps(settings)])
        modules = {name: importlib.import_module(name) for name in settings["modules"]}
        for module in modules.values():
            getattr(module, "prepare", lambda: None)()
        begins = {name: module.begin for name, module in modules.items()}
        for stream in (1, 2):  # until here, errors were for the grader to read
            os.dup2(0, stream)
        # What is here now is here for good: no child's garbage collector needs to touch it.
        gc.freeze()
        gc.enable()
        gather_in_large_pages()
        while True:
            data, descriptors, *_ = socket.recv_fds(orders, MAX_ORDER, MAX_DESCRIPTORS)
            if not data:
                os._exit(0)
            if "grants" in settings:
                # What ends with its parent must be this process's own child.
                answer(data, descriptors, begins, functools.partial(fork_confined, settings["grants"]))
            elif (child := os.fork()) == 0:
                orders.close()
                answer(data, descriptors, begins, fork_child)
                os._exit(0)
            else:
                os.waitpid(child, 0)
            for descriptor in descriptors:
                os.close(descriptor)
            with contextlib.suppress(ChildProcessError):  # children that have ended since
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


if __name__ == "__main__":
    main()
