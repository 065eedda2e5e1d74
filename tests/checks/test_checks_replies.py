"""Whatever comes back from the process of a student: no reply passes or stops the judge, and bytes that are no message are refused."""

import json

import numpy as np
import pytest
from kl_target import Remote, right

from vaelab import checks
from vaelab.checks import judge, message, points
from vaelab.checks.judge.reply import Problem, opened

# --- hostile replies --------------------------------------------------------------------------


def honest_reply(check_id="kl_term.gradients"):
    seen = []

    class Recorder(Remote):
        def probe(self, request):
            seen.append(super().probe(request))
            return seen[-1]

    judge.judge(check_id, Recorder(right), seed=1)
    return seen[0]


def damaged(value, rng, depth=0):
    """`value` with one thing in it replaced by nonsense."""
    nonsense = [
        None,
        -1,
        1e308,
        float("nan"),
        "x" * 1000,
        [],
        {},
        [[]],
        {"kind": "tensor"},
        True,
        10**30,
        {"kind": "list", "length": 2, "items": []},
    ]
    if depth > 0 and rng.random() < 0.25 or not isinstance(value, (dict, list)) or not value:
        return nonsense[rng.integers(len(nonsense))]
    if isinstance(value, dict):
        key = list(value)[rng.integers(len(value))]
        return {**value, key: damaged(value[key], rng, depth + 1)}
    i = rng.integers(len(value))
    return [*value[:i], damaged(value[i], rng, depth + 1), *value[i + 1 :]]


class Replays(checks.RemoteTarget):
    def __init__(self, reply):
        super().__init__("kl_term")
        self.reply = reply

    def probe(self, request):
        return self.reply


def test_the_judge_survives_replies_with_anything_in_them():
    rng, reply = np.random.default_rng(0), honest_reply()
    for _ in range(400):
        bad = {"json": damaged(reply["json"], rng), "arrays": dict(reply["arrays"])}
        name = list(bad["arrays"])[rng.integers(len(bad["arrays"]))]
        bad["arrays"][name] = [
            np.zeros(3),
            np.array(["a"]),
            np.full((7, 5), np.nan),
            None,
            "array",
            np.zeros((0,)),
            np.array([None]),
            np.zeros(7, "float16"),
        ][rng.integers(8)]
        verdict = judge.judge("kl_term.gradients", Replays(bad), seed=1)
        assert not verdict["passed"] and len(verdict["message"]) < 1000
        json.dumps(verdict)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        {},
        [],
        {"json": None, "arrays": None},
        {"json": {"protocol": 2}, "arrays": {}},
        {"json": {"protocol": 1}, "arrays": {}},
        {"json": {"protocol": 1, "status": "ok"}, "arrays": {}},
    ],
)
@pytest.mark.parametrize("check_id", points.BY_ID)
def test_no_check_passes_or_crashes_on_an_empty_reply(reply, check_id):
    assert not judge.judge(check_id, Replays(reply), seed=1)["passed"]


# --- messages in bytes -------------------------------------------------------------------------


def test_messages_come_back_as_they_were():
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.array(1.5, "float32"),
        "none": np.zeros((0, 3)),
        "c": np.array([True, False]),
        "d": np.arange(4, dtype="int64")[::-1],
    }
    back = message.unpack(message.pack({"json": {"x": [1, "ü", None]}, "arrays": arrays}))
    assert back["json"] == {"x": [1, "ü", None]} and set(back["arrays"]) == set(arrays)
    for name, array in arrays.items():
        assert back["arrays"][name].dtype == array.dtype and np.array_equal(back["arrays"][name], array)
        assert back["arrays"][name].flags.writeable


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        b"\x00" * 7,
        (2).to_bytes(8, "big") + b"{}",
        b"\x00" * 7 + b"\x04null",
        (10**15).to_bytes(8, "big") + b"{}",
    ],
)
def test_bytes_that_are_no_message_are_refused(data):
    with pytest.raises(message.MessageError):
        message.unpack(data)


@pytest.mark.parametrize(
    "listed",
    [
        [["a", "float64", [10**9, 10**9]]],
        [["a", "object", [1]]],
        [["a", "float64", [-1]]],
        [["a", "float64", [True]]],
        [["a", "float64"]],
        [[1, "float64", [1]]],
        [["a", "float64", [0] * 9]],
        "a",
        [None],
        [["a", ["float64"], [1]]],
    ],
)
def test_arrays_described_wrongly_are_refused(listed):
    header = json.dumps({"json": {}, "arrays": listed}).encode()
    with pytest.raises(message.MessageError):
        message.unpack(len(header).to_bytes(8, "big") + header + b"\x00" * 8)


def test_a_long_message_is_refused_unread():
    with pytest.raises(message.MessageError, match="at most"):
        message.unpack(b"\x00" * 100, max_bytes=99)


def test_only_plain_numbers_can_be_packed():
    with pytest.raises(message.MessageError, match="dtype"):
        message.pack({"json": {}, "arrays": {"a": np.array([None])}})


def test_opened_tells_an_error_from_a_stub():
    with pytest.raises(Problem, match="ValueError"):
        opened(
            {"json": {"protocol": 1, "status": "error", "error": {"type": "ValueError", "text": "bad"}}, "arrays": {}},
            "f",
        )
