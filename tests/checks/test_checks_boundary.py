"""The boundary between judge and probe: small, quiet, and safe from both sides."""

import json
import logging
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import proofs
import pytest

from vaelab import checks
from vaelab.checks import judge, message, panel, points, replay
from vaelab.checks.judge.reply import Problem, opened, short
from vaelab.checks.student import probe

DIVERGENCE = "kl_term.values"


def right(z_mean, z_log_var):
    import tensorflow as tf

    return 0.5 * tf.reduce_sum(z_mean**2 + tf.exp(z_log_var) - z_log_var - 1, axis=-1)


def stub(z_mean, z_log_var):
    raise NotImplementedError("Write kl_term.")


class Remote(checks.RemoteTarget):
    """A transport through bytes, as a grader's would be."""

    def __init__(self, target):
        super().__init__("kl_term")
        self.target, self.sent = target, 0

    def probe(self, request):
        self.sent += 1
        return message.unpack(message.pack(probe.run(message.unpack(message.pack(request)), self.target)))

    def replay(self, request):
        return message.unpack(message.pack(replay.run(message.unpack(message.pack(request)))))


# --- the two layers -----------------------------------------------------------------------


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_the_judge_never_imports_tensorflow_or_keras():
    done = run_python(
        "import sys; from vaelab.checks import judge, panel, points; from vaelab.checks.judge import recognise;"
        "assert not {'tensorflow', 'keras', 'nbgrader', 'IPython'} & set(sys.modules), 'imported'; print('clean')"
    )
    assert done.stdout.strip() == "clean", done.stderr


def test_the_probe_loads_where_the_judges_files_cannot_be_read(tmp_path):
    package, source = tmp_path / "vaelab" / "checks", Path(checks.__file__).parent
    package.mkdir(parents=True)
    (tmp_path / "vaelab" / "__init__.py").write_text("")
    for name in ("__init__.py", "message.py"):
        shutil.copy(source / name, package / name)
    for name in ("student", "replay"):
        shutil.copytree(source / name, package / name)
    done = run_python(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
        "from vaelab.checks import replay, RemoteTarget; from vaelab.checks.student import probe, trace;"
        "import vaelab; print(vaelab.__file__)"
    )
    assert done.stdout.strip().startswith(str(tmp_path)), done.stderr


def test_a_remote_target_gets_the_verdict_that_a_local_one_gets():
    remote = Remote(right)
    assert judge.judge(DIVERGENCE, remote, seed=3) == judge.judge(DIVERGENCE, right, seed=3)
    assert remote.sent == 1


def test_a_broken_transport_fails_the_check_with_its_own_sentence():
    class Dead(checks.RemoteTarget):
        def probe(self, request):
            raise checks.ProbeError("The kernel died while it ran your function.")

    verdict = judge.judge(DIVERGENCE, Dead("kl_term"))
    assert not verdict["passed"] and "kernel died" in verdict["message"]


def test_a_students_object_with_a_probe_method_is_no_remote_target():
    class Clever:
        def probe(self, request):
            return {"json": {"protocol": 1, "status": "ok"}, "arrays": {}}

    assert not judge.judge(DIVERGENCE, Clever())["passed"]


# --- check --------------------------------------------------------------------------------


def test_check_returns_nothing_and_shows_the_verdict_on_stdout(capfd):
    assert checks.check(DIVERGENCE, right) is None
    out, err = capfd.readouterr()
    assert "Passed" in out and DIVERGENCE in out and err == ""


def test_a_failed_check_raises_with_a_short_traceback():
    with pytest.raises(checks.CheckFailed) as caught:
        checks.check(DIVERGENCE, lambda m, v: 2 * right(m, v))
    assert isinstance(caught.value, AssertionError)
    assert caught.value.verdict["mistake"] == "kl.no_half"
    assert "\n" not in "".join(caught.value._render_traceback_())


def test_a_stub_raises_not_implemented_error_under_that_name():
    with pytest.raises(NotImplementedError) as caught:
        checks.check(DIVERGENCE, stub)
    assert type(caught.value).__name__ == "NotImplementedError"
    assert caught.value.verdict["status"] == "not_done"


def test_a_not_implemented_error_from_inside_keras_is_a_failure_not_a_stub():
    def calls_something_abstract(z_mean, z_log_var):
        stub(z_mean, z_log_var)

    assert judge.judge(DIVERGENCE, calls_something_abstract)["status"] == "failed"


def test_an_unknown_check_is_refused_with_the_list_of_checks():
    with pytest.raises(ValueError, match="kl_term.values"):
        checks.check("kl_term.value", right)


def test_the_same_seed_gives_the_same_verdict_and_a_fresh_one_other_inputs():
    wrong = lambda m, v: right(m, v) + 1.234  # noqa: E731
    first, again = judge.judge(DIVERGENCE, wrong, seed=5), judge.judge(DIVERGENCE, wrong, seed=5)
    assert first == again and first["seed"] == 5
    fresh = [judge.judge(DIVERGENCE, wrong) for _ in range(2)]
    assert fresh[0]["seed"] != fresh[1]["seed"] and fresh[0]["message"] != fresh[1]["message"]


def test_every_verdict_is_plain_json():
    for target in (right, stub, None, lambda m, v: "text"):
        verdict = judge.judge(DIVERGENCE, target)
        assert json.loads(json.dumps(verdict)) == verdict


def test_whatever_a_student_calls_things_a_verdict_can_be_written_to_a_file():
    import keras

    class Reports(keras.Model):
        def evaluate(self, *args, **kwargs):
            return {"half of a sign: \ud800": 1.0}

    def make_vae(*parts):
        model = Reports()
        model.compile(optimizer="adam")
        return model

    verdict = judge.judge("make_vae.loss", make_vae, seed=1)
    assert "half of a sign" in verdict["message"]
    json.dumps(verdict, ensure_ascii=False).encode()


def test_a_notebook_that_makes_errors_of_numpys_warnings_loses_nothing():
    import keras
    from keras import layers

    def make_conv_encoder(rows, columns, channels, latent_dim, intermediate_dim):
        x = keras.Input((rows, columns, channels))
        h = layers.BatchNormalization()(layers.Conv2D(8, 3, strides=4, padding="same", activation="relu")(x))
        h = layers.Dense(intermediate_dim, activation="relu")(
            layers.Flatten()(layers.Conv2D(8, 3, strides=2, padding="same")(h))
        )
        return keras.Model(x, [layers.Dense(latent_dim)(h), layers.Dense(latent_dim)(h)])

    with np.errstate(all="raise"):
        for check in points.of("03_conv_vae"):
            verdict = judge.judge(check.id, make_conv_encoder, seed=3)
            assert verdict["passed"] or "FloatingPointError" not in verdict["message"], verdict["message"]


def test_every_check_has_a_function_and_a_grade_id():
    assert set(judge.FUNCTIONS) == set(points.BY_ID)
    assert points.grade_id("kl_term.values") == "test_kl_term_values"


# --- quiet --------------------------------------------------------------------------------


def test_whatever_student_code_prints_stays_away_from_stdout_and_stderr(capfd):
    import tensorflow as tf

    handler = logging.StreamHandler()
    logging.getLogger("student").addHandler(handler)

    def loud(z_mean, z_log_var):
        print("out")
        print("err", file=sys.stderr)
        os.write(2, b"straight to the descriptor\n")
        tf.print("from TensorFlow")
        warnings.warn("careful")
        logging.getLogger("student").error("logged")
        return right(z_mean, z_log_var)

    try:
        verdict = judge.judge(DIVERGENCE, loud)
    finally:
        logging.getLogger("student").removeHandler(handler)
    assert verdict["passed"]
    assert capfd.readouterr() == ("", "")
    print("still here")
    os.write(2, b"here too\n")
    assert capfd.readouterr() == ("still here\n", "here too\n")


def test_policies_and_streams_are_as_before_after_a_check():
    import keras

    streams = sys.stdout, sys.stderr, logging.root.manager.disable, sys.getprofile()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert judge.judge(DIVERGENCE, right)["passed"]
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    assert streams == (sys.stdout, sys.stderr, logging.root.manager.disable, sys.getprofile())


def test_a_real_interrupt_is_not_swallowed():
    def interrupted(z_mean, z_log_var):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge.judge(DIVERGENCE, interrupted)


# --- hostile and broken return values --------------------------------------------------------


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


@pytest.mark.proof(about=proofs.of("vaelab"))
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


@pytest.mark.proof(about=proofs.of("vaelab"))
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


# --- the panel ---------------------------------------------------------------------------------


def verdict(**changes):
    return {**judge.judge(DIVERGENCE, None, seed=1), **changes}


def test_the_panel_escapes_whatever_a_student_wrote():
    shown = panel.as_html(verdict(message="<script>alert(1)</script>", got="<b>", expected="&"))
    assert "<script" not in shown and "&lt;script&gt;" in shown and "&lt;b&gt;" in shown and "&amp;" in shown


def test_the_panel_says_in_words_what_its_colour_says():
    for target, word in ((right, "Passed"), (None, "Not yet right"), (stub, "Not written yet")):
        found = judge.judge(DIVERGENCE, target)
        assert word in panel.as_html(found) and word in panel.as_text(found)


def test_a_console_without_the_characters_gets_the_text_all_the_same(capsys, monkeypatch):
    class Ascii:
        encoding, written = "ascii", ""

        def write(self, text):
            Ascii.written += text.encode("ascii").decode()

        def flush(self):
            pass

    monkeypatch.setattr(sys, "stdout", Ascii())
    panel.show(judge.judge(DIVERGENCE, right))
    assert "Passed" in Ascii.written


def test_short_makes_one_printable_line():
    assert short("a\nb\x00c\u202e" + "d" * 1000, 20).isprintable()
    assert len(short("d" * 1000, 20)) == 20


def test_opened_tells_an_error_from_a_stub():
    with pytest.raises(Problem, match="ValueError"):
        opened(
            {"json": {"protocol": 1, "status": "error", "error": {"type": "ValueError", "text": "bad"}}, "arrays": {}},
            "f",
        )
