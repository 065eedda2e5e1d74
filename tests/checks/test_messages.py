"""What a student reads: exceptions with their meaning, panels with links, a red line that does not say all twice."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from vaelab.checks import CheckFailed, ProbeError, RemoteTarget, check, panel
from vaelab.checks.judge import judge
from vaelab.checks.judge.raised import HINTS, meaning, raised
from vaelab.checks.student.describe import MAX_TEXT, text_of


def no_half(z_mean, z_log_var):
    return tf.reduce_sum(tf.exp(z_log_var) + z_mean**2 - 1 - z_log_var, axis=-1)


@pytest.mark.parametrize(
    "kind, text, word",
    [
        ("NotImplementedError", "Layer `add_metric()` method is deprecated. Add your metric in", "keras.metrics.Mean"),
        ("AttributeError", "'VAE' object has no attribute '_dtype_policy'", "super().__init__()"),
        ("TypeError", "VAE.compute_loss() takes 4 positional arguments but 6 were given", "all five"),
        ("TypeError", "too many positional arguments", "one list"),
        ("AttributeError", "module 'keras.backend' has no attribute 'sum'", "keras.ops"),
        ("ValueError", "A KerasTensor cannot be used as input to a TensorFlow function. A KerasTensor is", "keras.ops"),
        ("NameError", "name 'tf' is not defined", "import tensorflow as tf"),
        (
            "NameError",
            "Exception encountered when calling VAE.call().\n\nname 'tf' is not defined",
            "import tensorflow as tf",
        ),
        ("NameError", "name 'bce' is not defined", "same cell"),
        ("TypeError", "fit_prior.<locals>.sample() takes 1 positional argument but 2 were given", "starts with def"),
        (
            "ValueError",
            "Kernel shape must have the same length as input, but received kernel of shape (3, 3,",
            "one image",
        ),
        ("ValueError", "Arguments `target` and `output` must have the same rank (ndim).", "both shapes"),
        ("ValueError", "You must call `compile()` before using the model.", "optimiser"),
        (
            "ImportError",
            "`keras.optimizers.legacy` is not supported in Keras 3. When using `tf.keras`",
            "keras.optimizers",
        ),
        ("ValueError", "Unrecognized keyword arguments passed to Conv2D: {'input_dim': 3}", "arguments"),
        ("ValueError", "not enough values to unpack (expected 3, got 2)", "two tensors"),
        ("ValueError", "Computed output size would be zero or negative. Received `inputs shape=(None", "padding"),
        (
            "RuntimeError",
            "Method requires being in cross-replica context, use get_replica_context().merge_call()",
            "encoder(x)",
        ),
        ("ValueError", "Unknown variable: <Variable path=dense/kernel", "one call of apply_gradients"),
        (
            "StdinNotImplementedError",
            "raw_input was called, but this frontend does not support input requests",
            "input()",
        ),
    ],
)
def test_usual_exceptions_say_what_to_do(kind, text, word):
    problem = raised({"type": kind, "text": text}, "evaluate")
    assert "That is: " in problem.message and word in problem.next_step


@pytest.mark.parametrize("text", ["division by zero", "x has a wrong sum", "'Foo' object has no attribute 'bar'"])
def test_an_exception_that_may_mean_anything_is_not_explained(text):
    assert meaning("ValueError", text) is None


def test_every_hint_is_reached_by_some_text_of_its_own():
    assert len({hint.meaning for hint in HINTS}) == len(HINTS)


def test_arrays_quoted_by_an_exception_do_not_hide_its_reason():
    x = tf.random.uniform((3, 784))
    text = text_of(ValueError(f"Invalid input shape for input {x.numpy()[0].tolist()}. Expected shape (None, 784)"))
    assert text == "Invalid input shape for input […] Expected shape (None, 784)"
    text = text_of(KeyError(f"Unknown variable: <Variable value={x}>. This optimizer can only be called once"))
    assert "This optimizer can only be called once" in text


@pytest.mark.parametrize("places", [True, False], ids=["in a notebook", "in the grader, which notes no places"])
def test_an_error_inside_a_graph_says_what_happened_and_not_where_keras_was(places, monkeypatch):
    from tensorflow.python.framework import ops

    from autograde.isolation import preload

    monkeypatch.setattr(ops, "_create_c_op", ops._create_c_op)
    if not places:
        preload.keep_no_places()

    class Picks(keras.Model):
        def call(self, x):
            return tf.gather(x, tf.cast(tf.reduce_sum(x), tf.int32))

    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        Picks().predict(np.full((4, 1), 25.0), verbose=0)
    assert ("stack traces unavailable" in str(error.value)) is not places
    assert text_of(error.value).split("\n")[:3] == ["Graph execution error:", "", "indices = 100 is not in [0, 4)"]


def test_shapes_and_short_lists_are_left_as_they_are():
    text = "shapes [7, 784] and (7, 2): expected [[1.0, 2.0], [3.0, 4.0]], got E [e] e"
    assert text_of(ValueError(text)) == text


def test_a_text_of_brackets_takes_no_time_that_grows_with_its_square():
    for piece in ("[", "[1", "[" + "1" * 39 + "x", "1e", "[[1.0 "):
        assert len(text_of(ValueError(piece * 200_000))) <= MAX_TEXT


def test_switched_off_eager_execution_is_named_and_not_the_students_function(monkeypatch):
    monkeypatch.setattr(tf, "executing_eagerly", lambda: False)
    verdict = judge("kl_term.values", no_half, seed=1)
    assert "eager execution" in verdict["message"] and "disable_eager_execution" in verdict["next_step"]


def test_the_panel_links_to_where_something_is_taught():
    html = panel.as_html(judge("kl_term.values", no_half, seed=1))
    assert '<a href="../01_kl_term/01_kl_term.ipynb#Exercise:-kl_term-—-10-points">' in html
    assert "<code>kl_term</code></a>" in html and "`" not in html


def test_the_red_line_is_short_in_a_notebook_and_complete_for_validate(monkeypatch):
    with pytest.raises(CheckFailed) as failed:
        check("kl_term.values", no_half, seed=1)
    assert failed.value._render_traceback_() == ["CheckFailed: kl_term.values does not pass: see above."]
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    lines = failed.value._render_traceback_()
    assert max(map(len, lines)) <= 70  # nbgrader cuts what is longer
    text = " ".join(lines)
    assert "a constant factor in front of the sum is missing" in text and "Next step: Take the logarithm" in text


def test_a_cell_that_waits_for_input_is_explained_though_only_the_grader_sees_it():
    class Dead(RemoteTarget):
        def probe(self, request):
            raise ProbeError("The cell kl_term ended with StdinNotImplementedError: raw_input was called, but ...")

    verdict = judge("kl_term.values", Dead("kl_term"), seed=1)
    assert "nobody when a notebook is checked" in verdict["message"] and verdict["next_step"] == "Take input() out."


@pytest.mark.parametrize("name", ["active_units.counts", "effective_beta.sums"])
def test_where_a_number_is_expected_the_message_does_not_ask_for_a_tensor(name):
    verdict = judge(name, lambda *args: [1.0, 2.0], seed=1)
    assert verdict["message"].endswith("one number was expected.") and verdict["expected"] == "one number"
