"""The judge's line to a kernel: Jupyter messages, read as hostile data.

Whatever arrives here may have been made by the student's code. It can be late,
malformed, huge or invented; it can only ever make the student's own results worse.
"""

import contextlib
import hmac
import json
import os
import time
from typing import Any

import zmq
from jupyter_client.session import Session

from autograde.outputs import Outputs, Room

#: What the judge writes: the kernel is ready, before it runs the first cell; a process for replays is wanted; that is ready.
READY, WANTED, REPLAYING = b"ready\n", b"wanted\n", b"replaying\n"

#: One message longer than this closes its connection before it is read.
MAX_MESSAGE = 100 * 2**20

# An honest message has under ten frames, and headers of less than 1 KB, in which our own come back. Read into memory, what
# takes two bytes of JSON, or of a connection, can take a hundred: so these are counted before anything else looks at them.
MAX_HEADER, MAX_CONTAINERS, FRAME = 8192, 1_000_000, 64

#: How long the outputs of a finished cell may take to arrive, in seconds.
SILENCE = 15


class KernelStopped(Exception):
    """A kernel is gone, or may not go on; the message says why."""


class Ends:
    """What the supervisor says of processes that have ended: JSON lines, ``{"kernel" or "replayer": "why"}``."""

    def __init__(self, descriptor):
        self.descriptor, self.told, self.rest, self.closed = descriptor, {}, b"", False

    def read(self):
        piece = os.read(self.descriptor, 65536)
        self.closed = not piece
        *lines, self.rest = (self.rest + piece).split(b"\n")
        for line in lines:
            self.told.update(json.loads(line))

    def of(self, name):
        """Why the process ``name`` has ended, or None."""
        return self.told.get(name, "the grader stopped" if self.closed else None)


class Kernel:
    """A running kernel, seen from the judge.

    Parameters
    ----------
    connection : dict
        Content of a Jupyter connection file.
    output_limit : int
        Bytes that the kernel may send, all in all.
    ends : Ends, optional
        Where the supervisor says that the kernel has ended.
    cell_limit : float, optional
        Seconds after which a cell is interrupted (not a probe, which is silent).
    """

    def __init__(self, connection, output_limit, ends=None, cell_limit=None):
        self.session = Session(key=connection["key"].encode(), signature_scheme="hmac-sha256")
        self.output_limit, self.received = output_limit, 0
        self.room = Room()  # for outputs of the cells to come
        self.ends, self.cell_limit = ends, cell_limit
        self.probing = 0.0  # seconds spent waiting for probes
        self.remembered = {}  # what checks have found out, while no cell runs
        self.stopped = None  # why the kernel may not go on, once it may not
        context = zmq.Context.instance()
        separator = "-" if connection["transport"] == "ipc" else ":"
        address = f"{connection['transport']}://{connection['ip']}{separator}"
        self.shell, self.iopub, self.control = (context.socket(kind) for kind in (zmq.DEALER, zmq.SUB, zmq.DEALER))
        for channel in (self.shell, self.iopub, self.control):
            channel.linger = 0
            channel.maxmsgsize = MAX_MESSAGE
            channel.rcvhwm = 4  # messages that wait in our memory
        self.control.maxmsgsize = MAX_HEADER
        self.control.connect(f"{address}{connection['control_port']}")
        self.shell.connect(f"{address}{connection['shell_port']}")
        self.iopub.subscribe(b"")
        self.iopub.connect(f"{address}{connection['iopub_port']}")
        self.monitors = [channel.get_monitor_socket(zmq.EVENT_DISCONNECTED) for channel in (self.shell, self.iopub)]
        self.poller = zmq.Poller()
        for channel in (self.shell, self.iopub, *self.monitors):
            self.poller.register(channel, zmq.POLLIN)
        if ends is not None:
            self.poller.register(ends.descriptor, zmq.POLLIN)

    def wait_until_ready(self):
        """Return when the kernel answers on both channels."""
        answered = heard = False
        while not (answered and heard):
            self.session.send(self.shell, "kernel_info_request")
            until = time.monotonic() + 1
            while time.monotonic() < until and not (answered and heard):
                for channel, *_ in self._receive(until - time.monotonic()):
                    answered |= channel is self.shell
                    heard |= channel is self.iopub
        self.received = 0

    def run(self, code, silent=False, data=None):
        """Execute ``code``; return ``(outputs, reply content)``, outputs as nbformat dicts.

        ``data``, bytes, go along with the request. What takes longer than a cell may is interrupted, and its ``outputs`` are
        ``late``; what goes on all the same is left to the limit of all. Raises :class:`KernelStopped` if the kernel ends before it has answered.
        """
        request = self.session.send(
            self.shell,
            "execute_request",
            {
                "code": code,
                "silent": silent,
                "store_history": not silent,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": False,
            },
            buffers=None if data is None else [data],
        )
        request_id = request["header"]["msg_id"]
        # Outputs of probes are not kept.
        outputs = Outputs(Room() if silent else self.room)
        reply, idle, silence = None, False, 0.0
        until = time.monotonic() + self.cell_limit if self.cell_limit and not silent else None
        while reply is None or not idle:
            arrived = self._receive(1.0)
            if until is not None and reply is None and time.monotonic() > until:
                until, outputs.late = None, True
                self.session.send(self.control, "interrupt_request")
            # After the reply, the last outputs are under way, unless the student's code has broken that.
            silence = 0.0 if arrived or reply is None else silence + 1.0
            if silence > SILENCE:
                self._stop("it broke its kernel's messages")
            for channel, answered, kind, content in arrived:
                if answered != request_id:
                    continue
                if channel is self.shell and kind == "execute_reply":
                    reply = content
                elif kind == "status" and content.get("execution_state") == "idle":
                    idle = True
                elif channel is self.iopub:
                    outputs.add(kind, content)
        if outputs.late:
            # Once the kernel says that it was interrupted, it is over: what runs next is not hit. The answer itself is not read.
            with contextlib.suppress(zmq.ZMQError):
                if self.control.poll(2000):
                    self.control.recv_multipart()
        return outputs, reply

    def _receive(self, timeout):
        """Well-formed messages that arrive within ``timeout`` seconds: ``[(channel, id of its request, type, content)]``."""
        self.look()
        ready = dict(self.poller.poll(max(0, timeout) * 1000))
        if self.ends is not None and self.ends.descriptor in ready:
            self.ends.read()
            self.look()
        if any(monitor in ready for monitor in self.monitors):
            # The kernel ended, of which the supervisor will tell; or a message passed MAX_MESSAGE.
            if self.ends is not None and zmq.select([self.ends.descriptor], [], [], timeout=5)[0]:
                self.ends.read()
                self.look()
            self._stop("it displayed more at once than can be read")
        messages = []
        for channel in (self.shell, self.iopub):
            if channel in ready:
                frames = channel.recv_multipart()
                self.received += sum(map(len, frames)) + FRAME * len(frames)
                if self.received > self.output_limit:
                    self._stop(f"it printed or displayed more than {self.output_limit // 2**20} MB")
                # Malformed, badly signed, nested too deeply: not for us.
                with contextlib.suppress(Exception):
                    messages.append((channel, *self._opened(frames)))
        return messages

    def _opened(self, frames: list[bytes]) -> tuple[object, object, dict[str, Any]]:
        """``(id of its request, type, content)`` of a well-formed message. Raises anything for another one.

        Not `Session.deserialize`: there the version and the type in the header, which are the student's words, choose a
        method that rewrites the message.
        """
        signature, header, parent, metadata, content = self.session.feed_identities(frames)[1][:5]
        if max(map(len, (signature, header, parent, metadata))) > MAX_HEADER:
            raise ValueError("a header is too long")
        if content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
            raise ValueError("the content has too many parts")
        if not hmac.compare_digest(signature, self.session.sign([header, parent, metadata, content])):
            raise ValueError("the signature is wrong")
        opened = json.loads(content)
        if not isinstance(opened, dict):
            raise TypeError("the content is no object")
        return json.loads(parent).get("msg_id"), json.loads(header)["msg_type"], opened

    def look(self):
        """Raise :class:`KernelStopped` if this kernel is known to have ended."""
        if self.stopped is None and self.ends is not None:
            self.stopped = self.ends.of("kernel")
        if self.stopped is not None:
            raise KernelStopped(self.stopped)

    def _stop(self, why):
        self.stopped = why
        raise KernelStopped(why)

    def close(self):
        for channel in (self.shell, self.iopub):
            channel.disable_monitor()
        for channel in (self.shell, self.iopub, self.control):
            channel.close()
