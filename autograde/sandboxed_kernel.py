"""The first thing that runs in a student's sandbox: limits, then an ordinary ipykernel.

Stands alone (nothing of this package is visible in the sandbox) and takes one
argument, a JSON object: the connection, the file descriptors that already listen
on its addresses, and the limits (null: none).
"""

import json
import os
import resource
import sys


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


def main():
    order = json.loads(sys.argv.pop())
    if order["limits"]:
        os.nice(5)  # the judge and the grader come first
        limit(order["limits"])

    import zmq

    plain_bind = zmq.Socket.bind

    def bind(self, address):
        fd = order["listening"].pop(address, None)
        if fd is not None:
            self.setsockopt(zmq.USE_FD, fd)
        return plain_bind(self, address)

    zmq.Socket.bind = bind

    from ipykernel.kernelapp import IPKernelApp

    connection = order["connection"]
    app = IPKernelApp.instance()
    for name in ("transport", "ip", "shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"):
        setattr(app, name, connection[name])
    # In the sandbox's own scratch space: ipykernel insists on writing one.
    app.connection_file = f"/tmp/kernel-{os.getpid()}.json"
    app.initialize([f"--Session.key={connection['key']}", "--Session.signature_scheme=hmac-sha256",
                    "--HistoryManager.enabled=False"])
    zmq.Socket.bind = plain_bind
    app.start()


if __name__ == "__main__":
    main()
