"""The judge's line to the process that replays graphs: what may arrive there in place of an answer."""

import contextlib
import json
import os
import socket
import tempfile
import threading

import pytest

from autograde.kernel_client import REPLAYING, WANTED, Ends, KernelStopped
from autograde.replay_client import Replayer
from vaelab.checks import ProbeError, message
from vaelab.checks.message import LENGTH, framed

ANSWER = {"json": {"status": "ok"}, "arrays": {}}


class World:
    """A judge's end, with a process at the other that does as a test tells it; and the supervisor's pipe."""

    def __init__(self, folder, behave, limit=1 << 20):
        self.behave, self.said = behave, []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(f"{folder}/r")
        self.server.listen()
        hears, tells = os.pipe()
        self.tells = open(tells, "wb", buffering=0)
        self.replayer = Replayer(f"{folder}/r", limit, Ends(hears), self.say)

    def say(self, line):
        self.said.append(line)
        if line == WANTED:
            threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with self.server, self.server.accept()[0] as line, contextlib.suppress(ConnectionError):
            line.sendall(framed(b""))
            self.behave(self, line)

    def tell(self, **ended):
        self.tells.write(json.dumps(ended).encode() + b"\n")

    def ask(self):
        return self.replayer.ask({"json": {}, "arrays": {}})


@pytest.fixture
def world():
    worlds = []
    with tempfile.TemporaryDirectory() as folder:  # pytest's own may be longer than the name of a socket can be
        yield lambda behave, **options: worlds.append(World(folder, behave, **options)) or worlds[-1]
        for one in worlds:
            one.replayer.close()
            one.tells.close()


def answering(data):
    def behave(world, line):
        while size := line.recv(LENGTH, socket.MSG_WAITALL):
            line.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
            line.sendall(data)

    return behave


def test_it_is_started_once_and_answers_one_request_after_another(world):
    judge = world(answering(framed(message.pack(ANSWER))))
    assert judge.ask() == judge.ask() == ANSWER and judge.said == [WANTED, REPLAYING]


def test_whoever_else_finds_the_socket_comes_after_the_judge(world):
    judge = world(answering(framed(message.pack(ANSWER))))
    with socket.socket(socket.AF_UNIX) as intruder:
        intruder.connect(judge.server.getsockname())
        intruder.sendall(framed(b"[]"))
        assert judge.ask() == ANSWER


def test_an_answer_that_comes_in_pieces_is_put_together(world):
    def behave(world, line):
        for byte in framed(message.pack(ANSWER)):
            line.sendall(bytes([byte]))

    assert world(behave).ask() == ANSWER


def test_what_is_no_message_is_no_answer(world):
    with pytest.raises(ProbeError, match="cannot be read: cut short"):
        world(answering(framed(b"\xff" * 20))).ask()


@pytest.mark.parametrize("size", [2**20 + 1, 2**63, 2**64 - 1])
def test_a_length_beyond_the_limit_is_not_waited_for(world, size):
    with pytest.raises(KernelStopped, match="more than 1 MB"):
        world(answering(size.to_bytes(LENGTH, "big"))).ask()


def test_the_limit_is_one_for_all_answers_together(world):
    judge = world(answering(framed(message.pack(ANSWER) + bytes(400_000))), limit=2**20)
    assert judge.ask() == judge.ask() == ANSWER
    for _ in range(2):  # and from then on, it is asked no more
        with pytest.raises(KernelStopped, match="more than 1 MB"):
            judge.ask()


@pytest.mark.parametrize(
    "before", [b"", b"\0\0", framed(bytes(9))[:-1]], ids=["nothing", "half a length", "half an answer"]
)
def test_an_end_of_which_the_supervisor_tells_says_why(world, before):
    def behave(world, line):
        line.recv(LENGTH)
        line.sendall(before)
        world.tell(replayer="it used more than 900 MB of memory")

    judge = world(behave)
    for _ in range(2):
        with pytest.raises(KernelStopped, match="900 MB"):
            judge.ask()


def test_an_end_between_two_requests_is_known_at_the_next(world):
    judge = world(answering(framed(message.pack(ANSWER))))
    judge.ask()
    judge.tell(replayer="its kernel died")
    judge.replayer.ends.read()  # as when the judge waits for the student's kernel
    with pytest.raises(KernelStopped, match="died"):
        judge.ask()


def test_one_that_hangs_up_and_lives_on_keeps_the_judge_for_seconds_only(world, monkeypatch):
    from autograde import replay_client

    monkeypatch.setattr(replay_client, "TOLD", 0.1)
    judge = world(lambda world, line: None)
    for _ in range(2):
        with pytest.raises(KernelStopped, match="hung up"):
            judge.ask()


def test_while_it_is_silent_the_end_of_the_students_kernel_ends_the_waiting(world):
    def behave(world, line):
        world.tell(kernel="it ran for more than 9 s", replayer="it ran for more than 9 s")
        line.recv(1 << 20)
        line.recv(1)

    with pytest.raises(KernelStopped, match="9 s"):
        world(behave).ask()


def test_without_a_supervisor_nothing_is_waited_for(world):
    judge = world(lambda world, line: line.recv(1 << 20) and line.recv(1))
    judge.tells.close()
    with pytest.raises(KernelStopped, match="the grader stopped"):
        judge.ask()
