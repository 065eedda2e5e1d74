"""The first thing in a sandbox for replays: limits, then an answer to each request that comes on the one connection.

Stands alone, as :mod:`kernel_entry` does, which is beside it. As a program it takes one argument, a JSON object: the
descriptor of a socket that listens, and the limits (null: none). In a warm sandbox, :func:`begin` gets the same. The other end
is :mod:`autograde.replay_client`.
"""

import json
import socket
import sys

import kernel_entry  # type: ignore[import-not-found]  # beside this file, wherever that is shown


def serve(listening, limits):
    """Replay until the connection is closed. The first message from here is empty: all is ready."""
    kernel_entry.hold(limits)

    from vaelab.checks import message, replay

    with socket.socket(fileno=listening) as server:
        server.setblocking(True)
        line = server.accept()[0].makefile("rwb")
    answer = b""
    while True:
        line.write(message.framed(answer))
        line.flush()
        if not (size := line.read(message.LENGTH)):
            return
        answer = message.pack(replay.run(message.unpack(line.read(int.from_bytes(size, "big")))))


def begin(order, descriptors):
    """The same in a process forked by :mod:`autograde.isolation.forkserver`, with the socket that came with the order."""
    serve(*descriptors, order["limits"])


if __name__ == "__main__":
    order = json.loads(sys.argv.pop())
    serve(order["listening"], order["limits"])
