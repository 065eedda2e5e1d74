"""The first student's thing in a sandbox: limits, then an ordinary ipykernel.

Stands alone (nothing of this package is visible in the sandbox). As a program it takes one
argument, a JSON object: the connection, the file descriptors that already listen on its
addresses, and the limits (null: none). In a warm sandbox, :func:`begin` gets the same.
"""

import ctypes
import errno
import functools
import json
import os
import platform
import resource
import struct
import sys
import zlib

#: By machine: its name for seccomp; the numbers of the system calls socket and socketpair; of mmap; and those of add_key,
#: request_key and keyctl; of memfd_create, memfd_secret and shmget; of io_uring_setup, io_uring_enter and io_uring_register; and of bpf,
#: perf_event_open and userfaultfd.
CALLS = {
    "x86_64": (0xC000003E, (41, 53), 9, (248, 249, 250, 319, 447, 29, 425, 426, 427, 321, 298, 323)),
    "aarch64": (0xC00000B7, (198, 199), 222, (217, 218, 219, 279, 447, 194, 425, 426, 427, 280, 241, 282)),
}
#: Those kinds of socket that a namespace separates: AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK.
FAMILIES = (1, 2, 10, 16)
MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2


def limit(limits):
    """Hard limits of each process here; the grader watches their sum from outside."""
    # Private writable memory, not address space: TensorFlow maps gigabytes that it never touches.
    resource.setrlimit(resource.RLIMIT_DATA, (limits["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_size"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    # The kernel counts threads here, of which TensorFlow starts several for each core.
    threads = limits["processes"] + 64 * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))


def refuse_calls():
    """Take some system calls away, for good: they lead past the sandbox, past its limits, or deep into the Linux kernel.

    No namespace separates the key store's keyrings: a student could leave a key for the next
    one. Nor does one separate all kinds of socket: by AF_VSOCK, virtual machines talk to their
    host. Memory in files that lie nowhere is on no process's account, so no limit would see it: such
    files are what shared mappings without a file are made of, too.
    What is asked for through io_uring passes by filters such as this one. And bpf,
    perf_event_open and userfaultfd are of more use against the Linux kernel than in a notebook.
    """
    if platform.machine() not in CALLS:
        return
    machine, make_socket, mmap, refused = CALLS[platform.machine()]
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06  # of Berkeley packet filters
    allow, refuse, no_such_family, forbid = (
        (answer, 0, 0, value)
        for value in (0x7FFF0000, 0x50000 | errno.ENOSYS, 0x50000 | errno.EAFNOSUPPORT, 0x50000 | errno.EPERM)
    )
    # A test says how many lines to jump over if it holds, and if not. What is loaded: the machine (another one's
    # calls have other numbers), the call's number, and the low half of its first argument, or of mmap's fourth.
    mappings = [(load, 0, 0, 40), (any_bit, 0, 2, MAP_ANONYMOUS), (any_bit, 0, 1, MAP_SHARED), forbid, allow]
    families = [
        (load, 0, 0, 16),
        *(line for family in FAMILIES for line in ((equal, 0, 1, family), allow)),
        no_such_family,
    ]
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, machine),
        refuse,
        (load, 0, 0, 0),
        (at_least, 0, 1, 0x40000000),
        refuse,  # other numbers for the same calls
        *(line for number in refused for line in ((equal, 0, 1, number), refuse)),
        (equal, 0, len(mappings), mmap),
        *mappings,
        (equal, 1, 0, make_socket[0]),
        (equal, 0, len(families), make_socket[1]),
        *families,
        allow,
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for setting in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0)):
        if libc.prctl(*setting) != 0:
            raise OSError(ctypes.get_errno(), f"prctl: {os.strerror(ctypes.get_errno())}")


def serve(connection, listening, limits):
    """Be the kernel of ``connection``, until it is shut down."""
    if limits:
        os.nice(5)  # the judge and the grader come first
        limit(limits)
        refuse_calls()

    import zmq

    plain_bind = zmq.Socket.bind

    def bind(self, address):
        fd = listening.pop(address, None)
        if fd is not None:
            self.setsockopt(zmq.USE_FD, fd)
        return plain_bind(self, address)

    zmq.Socket.bind = bind

    from ipykernel import compiler
    from ipykernel.kernelapp import IPKernelApp

    # The name of a cell's file is a hash of its text, else computed in pure Python: half a second for large probes.
    compiler.murmur2_x86 = lambda text, seed: zlib.crc32(text.encode(), seed)
    app = IPKernelApp.instance()
    for name in ("transport", "ip", "shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"):
        setattr(app, name, connection[name])
    # In the sandbox's own scratch space: ipykernel insists on writing one.
    app.connection_file = f"/tmp/kernel-{os.getpid()}.json"
    app.initialize(
        [
            f"--Session.key={connection['key']}",
            "--Session.signature_scheme=hmac-sha256",
            "--HistoryManager.enabled=False",
        ]
    )
    zmq.Socket.bind = plain_bind
    if "ipywidgets" in sys.modules:  # imported before there was a kernel to tell of it
        sys.modules["ipywidgets"].register_comm_target()
    forgive(app.shell)
    app.start()


def forgive(shell):
    """What is right at home does no harm here.

    That is ``quit()`` in a last cell, windows for figures without a screen, and a ``sys.stdout`` of one's own which cannot
    be flushed: ipykernel would wait for it instead of answering.
    """
    streams = {"stdout": sys.stdout, "stderr": sys.stderr}

    def mend_streams(result):
        for name, own in streams.items():
            try:
                getattr(sys, name).flush()
            except Exception:
                setattr(sys, name, own)

    shell.events.register("post_run_cell", mend_streams)
    shell.ask_exit = lambda: None  # the kernel would end while it is still asked for the answer
    enable = shell.enable_matplotlib
    shell.enable_matplotlib = lambda gui=None: enable("inline")
    if "matplotlib" in sys.modules:
        matplotlib = sys.modules["matplotlib"]
        matplotlib.use = functools.partial(matplotlib.use, force=False)


def begin(order, descriptors):
    """The same in a process forked by :mod:`autograde.isolation.forkserver`, with the sockets that came with the order."""
    serve(order["connection"], dict(zip(order["addresses"], descriptors)), order["limits"])


if __name__ == "__main__":
    order = json.loads(sys.argv.pop())
    serve(order["connection"], order["listening"], order["limits"])
