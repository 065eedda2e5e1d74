"""A judged check of plain values: right answers pass, wrong ones are told what is wrong, and nothing of a reply is believed."""

import math
from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

from vaelab.checks import PROTOCOL
from vaelab.checks.judge.plain import Mistake, difference, same, values
from vaelab.checks.judge.problem import NotBegun, Problem
from vaelab.checks.message import pack, unpack
from vaelab.checks.student import probe
from vaelab.checks.student.values import Frame, Other, TooLarge, packed, unpacked


class Ask:
    """Sends a request to a function through messages of bytes, as a grader does."""

    def __init__(self, function, spoil=lambda body: body):
        self.function, self.name, self.spoil = function, "f", spoil

    def __call__(self, json, arrays):
        request = unpack(pack({"json": {"protocol": PROTOCOL, **json}, "arrays": arrays}))
        reply = unpack(pack(probe.run(request, self.function)))
        from vaelab.checks.judge.reply import opened

        body, returned = opened(reply, "f")
        return self.spoil(body), returned


VALUES = [
    None, True, 0, -7, 2**60, -(2**200), 0.5, math.inf, -math.inf, math.nan, "", "é\n🎓", [], [1, [2.0, "x"]], (), (1, (2,)), set(), {1, "a"},
    {}, {"a": 1, 2: [3], (4, 5): None}, np.arange(6).reshape(2, 3), np.array([True, False]), np.array([0.1, math.nan]), np.array(3.0),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_cross_unchanged(value):
    arrays = {}
    tree = packed(value, arrays, "v")
    message = unpack(pack({"json": {"tree": tree}, "arrays": arrays}))
    back = unpacked(message["json"]["tree"], message["arrays"])
    assert type(back) is type(value) and same(back, value, 0.0)


def test_data_frames_cross_as_columns():
    import pandas

    arrays = {}
    frame = pandas.DataFrame({"n": [1, 2], "name": ["a", "b"], 3: [0.5, 1.5]})
    back = unpacked(packed(frame, arrays, "v"), arrays)
    assert isinstance(back, Frame) and [name for name, _ in back.columns] == ["n", "name", 3]
    assert same(back, Frame((("n", [1, 2]), (3, [0.5, 1.5]), ("name", ["a", "b"]))), 1e-9)


@pytest.mark.parametrize(
    "value", [object(), range(3), 1j, type("int", (int,), {})(3), type("str", (str,), {})("x"), print]
)
def test_of_other_types_only_the_name_crosses(value):
    assert isinstance(unpacked(packed(value, {}, "v"), {}), Other)


class Forgetful(dict):
    """A dictionary that hides what it holds."""

    def items(self):
        return []

    def __iter__(self):
        return iter([])


Pair = namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Counter("aab"), {"a": 2, "b": 1}),
        (defaultdict(list, {"a": [Counter()]}), {"a": [{}]}),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (Pair(1, "x"), (1, "x")),
        (type("list", (list,), {})([1]), [1]),
        (type("set", (frozenset,), {})([1]), {1}),
        (Forgetful(a=1), {"a": 1}),
    ],
)
def test_what_is_made_of_a_container_crosses_as_that_container(value, plain):
    back = unpacked(packed(value, {}, "v"), {})
    assert type(back) is type(plain) and same(back, plain, 0.0)


@pytest.mark.parametrize("value", [list(range(100_000)), np.zeros(600_000), [[]] * 60_000])
def test_large_values_are_refused(value):
    with pytest.raises(TooLarge):
        packed(value, {}, "v")


def test_a_value_that_holds_itself_is_refused():
    value = []
    value.append(value)
    with pytest.raises(TooLarge):
        packed(value, {}, "v")


@pytest.mark.parametrize(
    "tree",
    [[], {}, {"list": 3}, {"list": [], "tuple": []}, {"dict": [[1]]}, {"dict": [[{"list": []}, 1]]}, {"set": [{"list": []}]}, {"array": "none"},
     {"float": "1e999"}, {"int": 3}, {"int": "0xzz"}, {"frame": 1}, {"other": 5}, {"x": 1}, {"array": {}}, {"array": []}],
)  # fmt: skip
def test_replies_that_are_no_values_are_refused(tree):
    with pytest.raises(ValueError):
        unpacked(tree, {})


def test_a_reply_nested_too_deep_is_refused():
    tree = 1
    for _ in range(500):
        tree = {"list": [tree]}
    with pytest.raises(ValueError):
        unpacked(tree, {})


def tally(words):
    return {word: words.count(word) for word in words}


def lower(words):
    return tally([word.lower() for word in words])


def draw(rng):
    return [([str(word) for word in rng.choice(["a", "A", "b"], size)],) for size in (0, 1, 30)]


IGNORES_CASE = Mistake(lower, "Words that differ in case are counted as one.", "Compare the words as they are.")
CHECK = values(tally, draw, [IGNORES_CASE])


def problem(function, check=CHECK, spoil=lambda body: body):
    with pytest.raises(Problem) as found:
        check(np.random.default_rng(0), Ask(function, spoil))
    return found.value


def from_counter(words):
    return dict(Counter(words))


@pytest.mark.parametrize("right", [tally, from_counter, Counter])
def test_right_functions_pass(right):
    CHECK(np.random.default_rng(0), Ask(right))


@pytest.mark.parametrize(
    "wrong, said",
    [
        (lambda words: None, "does it end with `return`"),
        (lambda words: list(tally(words).items()), "returns a list, where a dictionary is expected"),
        (lambda words: {**tally(words), "x": 1}, "of length 1, where 0 is expected"),
        (lambda words: dict.fromkeys(words, True), "where"),
        (from_counter.__class__, "raised"),
        (lambda words: tally(words).items(), "returns a dict_items, where a dictionary is expected"),
        (lambda words: (tally(words), words.append("x"))[0], "changes its argument 1"),
        (lambda words: 1 / 0, "division by zero"),
        (lambda words: list(range(10**6)), "too large"),
    ],
)
def test_wrong_functions_are_told_what_is_wrong(wrong, said):
    assert said in problem(wrong).message or said in str(problem(wrong).got)


def test_a_named_mistake_is_recognised():
    found = problem(lower)
    assert (
        found.message == IGNORES_CASE.message
        and found.mistake == "f.lower"
        and found.next_step == IGNORES_CASE.next_step
        and found.got != found.expected
    )


def test_another_mistake_is_not_taken_for_it():
    assert problem(lambda words: {}).message != IGNORES_CASE.message


def test_a_stub_is_not_begun():
    def stub(words):
        raise NotImplementedError

    with pytest.raises(NotBegun):
        CHECK(np.random.default_rng(0), Ask(stub))


@pytest.mark.parametrize(
    "spoil",
    [lambda body: {}, lambda body: {"results": 3}, lambda body: {"results": body["results"][:1]}, lambda body: {"results": [1, 2, 3]},
     lambda body: {"results": [{"value": {"x": 1}}] * 3}, lambda body: {"results": [{**one, "changed": "all"} for one in body["results"]]}],
)  # fmt: skip
def test_a_hostile_reply_is_a_problem_or_judged_by_its_values(spoil):
    try:
        CHECK(np.random.default_rng(0), Ask(tally, spoil))
    except Problem:
        pass


@pytest.mark.parametrize(
    "value, expected, equal",
    [
        (1, 1.0, True), (1.0, 1, True), (True, 1, False), (1, True, False), (0.1 + 0.2, 0.3, True), (1.001, 1.0, False), (math.nan, math.nan, True),
        (math.inf, math.inf, True), (math.inf, -math.inf, False), (2**60, 2**60, True), (2**60 + 1, 2**60, False), (2**60, float(2**60), True), ([1], (1,), False),
        ("a", "a ", False), (np.float64(1.0), 1.0, False), (1.0, np.float64(1.0), True), (np.zeros(3), np.zeros((3, 1)), False),
        (np.array([1, 2]), np.array([1.0, 2.0]), True), (np.array([True]), np.array([1]), False), ([1], np.array([1]), False), ({1: 2}, {1: 2.0}, True),
    ],
)  # fmt: skip
def test_what_counts_as_the_same(value, expected, equal):
    assert same(value, expected, 1e-9) is equal
    if not equal:
        assert difference(value, expected)


def test_arrays_and_frames_go_in_and_out():
    def means(frame, weights):
        return np.array([np.average(frame[name], weights=weights) for name in frame.columns])

    def oracle(frame, weights):
        return np.array([np.average(column, weights=weights) for _, column in frame.columns])

    def cases(rng):
        return [(Frame((("a", rng.normal(size=5)), ("b", rng.normal(size=5)))), rng.uniform(1, 2, 5))]

    check = values(oracle, cases)
    check(np.random.default_rng(1), Ask(means))
    assert "array" in problem(lambda frame, weights: means(frame, weights) + 1, check).message
    assert "shape" in problem(lambda frame, weights: means(frame, weights)[:1], check).message
