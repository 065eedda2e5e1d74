"""The boundary between judge and probe: small and quiet, and the line of a test cell that crosses it."""

import json
import logging
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from kl_target import DIVERGENCE, Remote, right, stub

from vaelab import checks
from vaelab.checks import judge, points
from vaelab.checks.judge.problem import Problem

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


def found(target):
    """How often something about a target is found out, if two checks in a row want to know it."""
    times = []
    for _ in range(2):
        assert judge.Ask(target, "kl_term").once("something", lambda: times.append(1) or "it") == "it"
    return len(times)


def test_checks_find_out_once_what_a_transport_lets_them_remember():
    remembered = {}
    assert found(Remote(right, remembered)) == 1
    assert found(Remote(right, remembered)) == 0
    assert found(Remote(right, remembered, name="my_other_term")) == 1
    assert found(Remote(right, {})) == 1


def test_a_problem_is_remembered_as_a_result_is():
    asked, remembered = [], {}

    def find():
        asked.append(1)
        raise Problem("half of it is missing")

    for _ in range(2):
        with pytest.raises(Problem, match="half of it"):
            judge.Ask(Remote(right, remembered), "kl_term").once("something", find)
    assert len(asked) == 1


def test_in_a_notebook_nothing_is_remembered_from_one_check_to_the_next():
    assert found(right) == found(Remote(right)) == 2


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
