"""The judge's line to the process that replays graphs (:mod:`autograde.isolation.replay_entry`).

A graph that a student made up runs there. What arrives may be late, cut short or far too long; it can only ever make
that student's own results worse.
"""

import contextlib
import select
import socket
from collections.abc import Callable
from typing import Any, NoReturn

from autograde.kernel_client import REPLAYING, WANTED, Ends, KernelStopped
from vaelab.checks import ProbeError, message

#: How long after the line's end the supervisor may take to say why, in seconds.
TOLD = 5


class Replayer:
    """The process that replays graphs, started when it is first asked for.

    The line to it is there from the beginning, before any student's code runs: nobody who might find the socket is answered first.

    Parameters
    ----------
    place : str
        The path of the socket at which it will answer.
    output_limit : int
        Bytes that it may send, all in all.
    ends : Ends
        Where the supervisor says that it has ended.
    say : callable
        Tells the supervisor, with WANTED, to start it, and with REPLAYING that it is there.
    """

    def __init__(self, place: str, output_limit: int, ends: Ends, say: Callable[[bytes], None]) -> None:
        self.left = self.output_limit = output_limit
        self.ends, self.say = ends, say
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(place)
        self.started = False
        self.stopped: str | None = None  # why nothing more is asked

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request. Raises :class:`~autograde.kernel_client.KernelStopped`, and ProbeError for what is no answer."""
        self._look()
        if not self.started:
            self.started = True
            self.say(WANTED)
            self._received()
            self.say(REPLAYING)
        with contextlib.suppress(ConnectionError):  # it has ended, as will be seen when nothing comes back
            self.line.sendall(message.framed(message.pack(request)))
        try:
            return message.unpack(self._received())
        except message.MessageError as error:
            raise ProbeError(f"The answer cannot be read: {error}") from None

    def _received(self) -> bytes:
        """The next message."""
        size = int.from_bytes(self._bytes(message.LENGTH), "big")
        if size > self.left:
            self._stop(f"it sent more than {self.output_limit // 2**20} MB")
        self.left -= size
        return self._bytes(size)

    def _bytes(self, number: int) -> bytes:
        read = bytearray()
        while len(read) < number:
            ready, _, _ = select.select([self.line, self.ends.descriptor], [], [])
            if self.ends.descriptor in ready:
                self.ends.read()
                self._look()
            elif piece := self._piece(number - len(read)):
                read += piece
            else:  # it has ended, of which the supervisor will tell; or it did this itself
                while select.select([self.ends.descriptor], [], [], TOLD)[0]:
                    self.ends.read()
                    self._look()
                self._stop("it hung up")
        return bytes(read)

    def _piece(self, most: int) -> bytes:
        with contextlib.suppress(ConnectionError):
            return self.line.recv(min(most, 1 << 20))
        return b""

    def _look(self) -> None:
        """Raise :class:`~autograde.kernel_client.KernelStopped` if it is known to have ended."""
        if why := self.stopped or self.ends.of("replayer"):
            self._stop(why)

    def _stop(self, why: str) -> NoReturn:
        self.stopped = why
        raise KernelStopped(why)

    def close(self) -> None:
        self.line.close()
