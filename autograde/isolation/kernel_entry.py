"""The first student's thing in a sandbox: limits, then an ordinary ipykernel.

Stands alone, with :mod:`seccomp` beside it (nothing else of this package is visible in the sandbox). As a program it takes one
argument, a JSON object: the connection, the file descriptors that already listen on its
addresses, and the limits (null: none). In a warm sandbox, :func:`begin` gets the same.
"""

import functools
import json
import os
import resource
import sys
import tempfile
import zlib

import seccomp  # type: ignore[import-not-found]  # beside this file, wherever that is shown


def hold(limits):
    """Hold this process to ``limits`` (None: there are none), and forbid it what nothing in a sandbox needs."""
    if limits:
        os.nice(5)  # the judge and the grader come first
        limit(limits)
        if seccomp.known():
            seccomp.install(seccomp.EVERYWHERE)


def limit(limits):
    """Hard limits of each process here; the grader watches their sum from outside."""
    # Private writable memory, not address space: TensorFlow maps gigabytes that it never touches.
    resource.setrlimit(resource.RLIMIT_DATA, (limits["memory"],) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_size"],) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    # The kernel counts threads here, of which TensorFlow starts several for each core.
    threads = limits.get("threads") or limits["processes"] + 64 * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))


def serve(connection, listening, limits):
    """Be the kernel of ``connection``, until it is shut down."""
    hold(limits)

    import zmq

    plain_bind = zmq.Socket.bind

    def bind(self, address):
        fd = listening.pop(address, None)
        if fd is not None:
            self.setsockopt(zmq.USE_FD, fd)
            # Else what the judge has not read yet is dropped beyond a thousand outputs, and "idle" with it.
            self.sndhwm = 0
        return plain_bind(self, address)

    zmq.Socket.bind = bind

    from ipykernel import compiler
    from ipykernel.kernelapp import IPKernelApp

    bare = limits is not None and not limits.get("namespaces", True)
    if bare:
        without_loopback()
    # The name of a cell's file is a hash of its text, else computed in pure Python: half a second for large probes.
    compiler.murmur2_x86 = lambda text, seed: zlib.crc32(text.encode(), seed)
    app = IPKernelApp.instance()
    for name in ("transport", "ip", "shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"):
        setattr(app, name, connection[name])
    # In the sandbox's own scratch space: ipykernel insists on writing one.
    app.connection_file = f"{tempfile.gettempdir()}/kernel-{os.getpid()}.json"
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
    if bare:
        app.shell.system = app.shell.system_raw  # `!command` needs no terminal, of which there is none
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
                if (stream := getattr(sys, name)) is not own:  # ipykernel flushes its own, and waits for that
                    stream.flush()
            except Exception:
                setattr(sys, name, own)

    shell.events.register("post_run_cell", mend_streams)
    shell.ask_exit = lambda: None  # the kernel would end while it is still asked for the answer
    enable = shell.enable_matplotlib
    shell.enable_matplotlib = lambda gui=None: enable("inline")
    if "matplotlib" in sys.modules:
        matplotlib = sys.modules["matplotlib"]
        matplotlib.use = functools.partial(matplotlib.use, force=False)


def without_loopback():
    """Let ipykernel do without the connection by which forks of the kernel print: there is no network to make it in.

    What they print through Python is lost; what they, and other programs, write to standard output is not.
    """
    from unittest import mock

    from ipykernel.iostream import IOPubThread

    IOPubThread._setup_pipe_in = lambda self: setattr(self, "_pipe_uuid", b"")
    IOPubThread._setup_pipe_out = lambda self: (mock.Mock(), mock.Mock())


def begin(order, descriptors):
    """The same in a process forked by :mod:`autograde.isolation.forkserver`, with the sockets that came with the order."""
    serve(order["connection"], dict(zip(order["addresses"], descriptors)), order["limits"])


if __name__ == "__main__":
    order = json.loads(sys.argv.pop())
    serve(order["connection"], order["listening"], order["limits"])
