"""Replies that a hostile process may send to the checks of notebook 7: none earns a point, none stops the judge."""

import json

import numpy as np
import proofs
import pytest

from vaelab.checks import PROTOCOL, RemoteTarget, judge, points

pytestmark = pytest.mark.proof(about=proofs.of("vaelab"))

CHECKS = [check.id for check in points.CHECKS if check.assignment == "07_rate_distortion"]


def array(value, name="a"):
    value = np.asarray(value, "float64")
    return {"kind": "array", "type": "ndarray", "shape": list(value.shape), "array": name}, {name: value}


def results(make):
    """A reply with one result for each case that is asked for; ``make(case, arrays)`` gives it."""

    def reply(request):
        arrays = {}
        listed = [make(case, request["arrays"], arrays) for case in request["json"]["cases"]]
        return {"json": {"protocol": PROTOCOL, "status": "ok", "results": listed}, "arrays": arrays}

    return reply


def output(value):
    def make(case, given, arrays):
        told, extra = array(value(case, given) if callable(value) else value, f"a{len(arrays)}")
        arrays.update(extra)
        return {"output": told, "calls": [{"output": told} for _ in case.get("calls", [])]}

    return results(make)


def ok(**body):
    return lambda request: {"json": {"protocol": PROTOCOL, "status": "ok", **body}, "arrays": {}}


REPLIES = {
    "nothing": lambda request: {"json": {}, "arrays": {}},
    "not a message": lambda request: [1, 2],
    "says passed": ok(passed=True, results="passed", verdict={"passed": True}),
    "no results": ok(),
    "empty results": ok(results=[]),
    "results of nothing": results(lambda case, given, arrays: None),
    "results of lists": results(lambda case, given, arrays: [[]]),
    "results of numbers": results(lambda case, given, arrays: 1.0),
    "no array behind it": results(lambda case, given, arrays: {"output": {"kind": "array", "shape": [], "array": "b"}}),
    "calls of nothing": results(lambda case, given, arrays: {"calls": [None] * len(case.get("calls", []))}),
    "too few calls": results(lambda case, given, arrays: {"calls": []}),
    "a name that is a list": results(lambda case, given, arrays: {"output": {"kind": ["array"], "array": ["a"]}}),
    "a returned name": results(lambda case, given, arrays: {"returned": {"kind": {"array": 1}}}),
    "an error of lists": results(lambda case, given, arrays: {"error": [["text"]]}),
    "a long error": results(lambda case, given, arrays: {"error": {"type": "x" * 10**6, "text": "y" * 10**6}}),
    "a call of nothing": ok(call=[]),
    "a call of strange names": ok(call=[["x"], None, 1, "z_mean"]),
    "a call without end": lambda request: {
        "json": {"protocol": PROTOCOL, "status": "ok", "call": list("xpmv")},
        "arrays": {name: np.full((2, 3), np.nan) for name in "xpmv"},
    },
    "an infinite number": output(np.inf),
    "no number": output(np.nan),
    "zero": output(0.0),
    "one": output(1.0),
    "an empty array": output(np.zeros((0,))),
    "eight axes": output(np.zeros((1,) * 8)),
    "the question": output(lambda case, given: given[case["args"][0]]),
    "zeros as long as the question": output(lambda case, given: np.zeros(len(given[case["args"][0]]))),
    "huge numbers": output(lambda case, given: np.full(len(given[case["args"][0]]), 1e308)),
    "enormous": results(lambda case, given, arrays: {"output": {"kind": "large", "shape": [10**12, 784]}}),
}


class Hostile(RemoteTarget):
    def __init__(self, reply):
        super().__init__("hostile")
        self.reply = reply

    def probe(self, request):
        return self.reply(request)


@pytest.mark.parametrize("kind", REPLIES)
@pytest.mark.parametrize("check_id", CHECKS)
def test_a_hostile_reply_earns_nothing_and_gets_one_clear_sentence(check_id, kind):
    verdict = judge.judge(check_id, Hostile(REPLIES[kind]), seed=1)
    assert verdict["status"] == "failed" and not verdict["passed"]
    assert 20 < len(verdict["message"]) < 600 and verdict["message"].isprintable()
    assert "could not be judged" not in verdict["message"], verdict["message"]
    assert json.loads(json.dumps(verdict)) == verdict
