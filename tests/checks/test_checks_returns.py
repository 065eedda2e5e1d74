"""Whatever a function or a model returns or raises: the check fails with a short clear message."""

import numpy as np
import proofs
import pytest
from kl_target import DIVERGENCE, right

from vaelab.checks import judge, points


class AlwaysEqual:
    __array_priority__ = 1e9
    shape, dtype, ndim = (7,), np.dtype("float32"), 1

    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __lt__
    __hash__ = object.__hash__


class Pretender:
    @property
    def __class__(self):
        return np.ndarray


class Subclass(np.ndarray):
    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return np.zeros(1)


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no")


def huge_message(m, v):
    raise ValueError("x" * 10**7)


def raises(error):
    def function(*args, **kwargs):
        raise error

    return function


def symbolic(m, v):
    import keras

    return keras.Input((7,))


RETURNS = {
    "none": lambda m, v: None,
    "string": lambda m, v: "12.5",
    "ragged list": lambda m, v: [[1.0], [1.0, 2.0]],
    "list": lambda m, v: [1.0] * len(m),
    "dictionary": lambda m, v: {"kl": right(m, v)},
    "nan": lambda m, v: right(m, v) * float("nan"),
    "inf": lambda m, v: right(m, v) + float("inf"),
    "symbolic": symbolic,
    "always equal": lambda m, v: AlwaysEqual(),
    "pretends to be an array": lambda m, v: Pretender(),
    "array subclass": lambda m, v: right(m, v).numpy().view(Subclass),
    "masked array": lambda m, v: np.ma.masked_all(len(m)),
    "ten gigabytes": lambda m, v: np.broadcast_to(np.float32(1), (50_000, 50_000)),
    "objects": lambda m, v: np.array([None] * len(m)),
    "complex": lambda m, v: right(m, v).numpy().astype("complex64"),
    "text array": lambda m, v: np.array(["1.0"] * len(m)),
    "bool": lambda m, v: True,
    "function": lambda m, v: right,
    "generator": lambda m, v: (x for x in right(m, v)),
    "array protocol": lambda m, v: Liar(),
    "sparse": lambda m, v: __import__("tensorflow").sparse.from_dense(right(m, v)),
    "huge message": huge_message,
    "unprintable": raises(Unprintable()),
    "system exit": raises(SystemExit(0)),
    "generator exit": raises(GeneratorExit()),
    "recursion": lambda *args, **kwargs: RETURNS["recursion"](*args, **kwargs),
    "memory": raises(MemoryError()),
    "wrong arity": lambda m: m,
}


@pytest.mark.proof(about=proofs.of("vaelab", "tests/checks/kl_target.py"))
@pytest.mark.parametrize("kind", RETURNS)
@pytest.mark.parametrize("check_id", ["kl_term.shape", "kl_term.values", "kl_term.gradients", "kl_term.extremes"])
def test_strange_return_values_fail_with_a_short_clear_message(kind, check_id, capfd):
    verdict = judge.judge(check_id, RETURNS[kind], seed=1)
    assert not verdict["passed"] and verdict["status"] == "failed"
    assert 20 < len(verdict["message"]) < 600 and verdict["message"].isprintable()
    assert verdict["next_step"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("check_id", [c.id for c in points.CHECKS if c.assignment != "01_kl_term"])
@pytest.mark.parametrize("returned", [None, "a model", 3.0, [1, [2]], AlwaysEqual(), right])
def test_what_is_no_model_fails_with_a_short_clear_message(check_id, returned):
    verdict = judge.judge(check_id, lambda *arguments: returned, seed=1)
    assert not verdict["passed"] and 20 < len(verdict["message"]) < 600


class Liar:
    shape, dtype = (8, 4), np.dtype("float32")

    def __array__(self, *args, **kwargs):
        return np.zeros((8, 4), "float32")

    def __float__(self):
        return 1.0


class LyingDictionary(dict):
    def items(self):
        raise RuntimeError("no")

    def __len__(self):
        return 10**9


def logs(value):
    return {"loss": value, "reconstruction": value, "kl": value}


def from_a_model(kind):
    """What a method of a hostile model returns or raises."""
    import keras
    import tensorflow as tf

    return {
        "none": lambda *a, **k: None,
        "string": lambda *a, **k: "1.0",
        "ragged": lambda *a, **k: [[1.0], [1.0, 2.0]],
        "nan": lambda *a, **k: logs(float("nan")),
        "strings": lambda *a, **k: logs("1"),
        "empty": lambda *a, **k: logs([]),
        "many": lambda *a, **k: {str(i): 1.0 for i in range(10**5)},
        "lying dictionary": lambda *a, **k: LyingDictionary(logs(1.0)),
        "liars": lambda *a, **k: logs(Liar()),
        "equal": lambda *a, **k: AlwaysEqual(),
        "two liars": lambda *a, **k: [Liar(), Liar()],
        "generator": lambda *a, **k: (i for i in range(3)),
        "huge": lambda *a, **k: [tf.zeros((3000, 3000))] * 2,
        "symbolic": lambda *a, **k: [keras.Input((3,))] * 2,
        "nan tensors": lambda *a, **k: [tf.fill((8, 4), np.nan)] * 2,
        "texts": lambda *a, **k: [tf.constant(["a"])] * 2,
        "exit": raises(SystemExit(0)),
        "unprintable": raises(Unprintable()),
        "huge message": raises(ValueError("x" * 10**7)),
        "recursion": RETURNS["recursion"],
    }[kind]


@pytest.mark.proof(about=proofs.of("vaelab", "tests/checks/kl_target.py"))
@pytest.mark.parametrize(
    "kind",
    [
        "none",
        "string",
        "ragged",
        "nan",
        "strings",
        "empty",
        "many",
        "lying dictionary",
        "liars",
        "equal",
        "two liars",
        "generator",
        "huge",
        "symbolic",
        "nan tensors",
        "texts",
        "exit",
        "unprintable",
        "huge message",
        "recursion",
    ],
)
@pytest.mark.parametrize(
    "check_id",
    ["make_vae.builds", "make_vae.loss", "make_vae.fit", "make_conv_encoder.builds", "make_conv_encoder.unbounded"],
)
def test_models_that_return_nonsense_fail_with_a_short_clear_message(kind, check_id):
    import keras

    method = from_a_model(kind)

    def target(*arguments):
        if check_id.startswith("make_conv_encoder"):
            return type("Encoder", (keras.Model,), {"__call__": method})()
        model = type("VAE", (keras.Model,), {"evaluate": method, "predict": method, "fit": method})()
        model.compile("adam")
        return model

    verdict = judge.judge(check_id, target, seed=1)
    assert not verdict["passed"] and "could not be judged" not in verdict["message"]
    assert 20 < len(verdict["message"]) < 600 and verdict["message"].isprintable()


@pytest.mark.parametrize("target", [None, "kl_term", 3, AlwaysEqual()])
def test_a_target_that_is_no_function_is_called_that(target):
    verdict = judge.judge(DIVERGENCE, target)
    assert not verdict["passed"] and "not a function" in verdict["message"]
