"""The networks that notebooks import, and the reference models."""

import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import proofs
import pytest
import tensorflow as tf

from vaelab import data, metrics, models, profiles, reference

pytestmark = pytest.mark.proof(about=proofs.of("vaelab"))

PROJECT = Path(__file__).resolve().parents[1]


def test_encoder_and_decoder_have_the_shapes_they_promise():
    encoder, decoder = models.make_encoder(784, 256, 3), models.make_decoder(3, 256, 784)
    z_mean, z_log_var = encoder(np.zeros((7, 784), "float32"))
    assert z_mean.shape == z_log_var.shape == (7, 3)
    assert decoder(np.zeros((7, 3), "float32")).shape == (7, 784)


@pytest.mark.parametrize("spatial_size", [7, 8])
def test_the_conv_decoder_enlarges_fourfold(spatial_size):
    decoder = models.make_conv_decoder(2, 16, spatial_size=spatial_size, filters=4)
    assert decoder(np.zeros((1, 2), "float32")).shape == (1, 4 * spatial_size, 4 * spatial_size, 1)


def draws(layer, z_mean, z_log_var, n):
    ones = np.ones((n, 1), "float32")
    return keras.ops.convert_to_numpy(layer([ones * np.float32(z_mean), ones * np.float32(z_log_var)]))


def test_sampling_draws_from_the_gaussian_asked_for():
    z = draws(models.Sampling(seed=1), [1.0, -2.0], [np.log(0.25), 1.0], 100_000)
    # Six standard errors of a mean and of a standard deviation.
    expected = np.array([0.5, np.exp(0.5)])
    assert np.all(np.abs(z.mean(axis=0) - [1, -2]) < 6 * expected / np.sqrt(100_000))
    assert np.all(np.abs(z.std(axis=0) - expected) < 6 * expected / np.sqrt(200_000))
    assert abs(np.corrcoef(z.T)[0, 1]) < 6 / np.sqrt(100_000)


def test_sampling_draws_anew_at_each_call_and_repeats_from_its_seed():
    layer = models.Sampling(seed=1)
    first, second = draws(layer, [0.0], [0.0], 5), draws(layer, [0.0], [0.0], 5)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(draws(models.Sampling(seed=1), [0.0], [0.0], 5), first)
    np.testing.assert_array_equal(draws(models.Sampling.from_config(layer.get_config()), [0.0], [0.0], 5), first)


def test_the_noise_differs_between_images_and_dimensions():
    z = draws(models.Sampling(seed=1), [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 4)
    assert len(np.unique(z)) == z.size


@pytest.mark.parametrize("name, at_most", [("mlp", 262.8), ("conv", 260.8)])
def test_the_recorded_trainings_reach_their_quality(name, at_most):
    history = reference.history(name)
    full = profiles.PROFILES["full"]
    assert len(history.epochs) == {"mlp": full.mlp_epochs, "conv": full.conv_epochs}[name]
    assert history.val_loss[-1] <= at_most
    np.testing.assert_allclose(np.add(history.val_reconstruction, history.val_kl), history.val_loss, atol=0.01)


def test_the_mlp_weights_reach_what_the_record_says():
    """Reconstruction and KL on the full test set, from one sample of z per image."""
    images = data.load(profiles.PROFILES["full"])
    encoder, decoder = reference.load_mlp()
    x = images.x_test.reshape(-1, 784)
    check_record("mlp", x, metrics.encode(encoder, x), decoder, tolerance=0.5)


def test_the_conv_weights_reach_what_the_record_says():
    """On the sample's 2,000 test images, whose mean differs from the full set's by a nat or two."""
    x = data.load(profiles.PROFILES["quick"]).x_test.reshape(-1, 784)
    posteriors = reference.load_conv_posteriors()
    check_record(
        "conv", x, (posteriors["z_mean_test"], posteriors["z_log_var_test"]), reference.load_conv_decoder(), tolerance=4
    )


def test_the_courses_answers_train_their_batch_normalisation(monkeypatch):
    monkeypatch.syspath_prepend(PROJECT / "solutions")
    solution = importlib.import_module("train_reference").solution
    encoder = solution("03_conv_vae", "make_conv_encoder")(28, 28, 1, 2, 8)
    decoder = models.make_conv_decoder(2, 8, filters=4)
    vae = solution("02_vae", "make_vae")((28, 28, 1), encoder, decoder, models.Sampling(seed=1))
    vae.fit(np.random.default_rng(0).random((4, 28, 28, 1), dtype="float32"), batch_size=2, verbose=0)
    assert not any(is_untrained(layer) for layer in normalisations(encoder) + normalisations(decoder))


def test_the_reference_decoder_comes_with_trained_batch_normalisation():
    assert not any(is_untrained(layer) for layer in normalisations(reference.load_conv_decoder()))


def normalisations(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


def is_untrained(layer):
    return np.all(layer.moving_mean.numpy() == 0) and np.all(layer.moving_variance.numpy() == 1)


def check_record(name, x, posterior, decoder, tolerance):
    z_mean, z_log_var = (np.asarray(array, "float64") for array in posterior)
    epsilon = np.random.default_rng(0).normal(size=z_mean.shape)
    z = z_mean + np.exp(0.5 * z_log_var) * epsilon
    x_decoded = metrics.decode(decoder, z.astype("float32")).reshape(len(x), -1)
    log_ratio = 0.5 * (z**2 - epsilon**2 - z_log_var)  # log q(z|x) - log p(z)
    history = reference.history(name)
    assert metrics.bernoulli_nll(x, x_decoded).mean() == pytest.approx(history.val_reconstruction[-1], abs=tolerance)
    assert log_ratio.sum(axis=1).mean() == pytest.approx(history.val_kl[-1], abs=0.3)


def test_an_unknown_reference_model_is_an_error():
    with pytest.raises(ValueError, match="mlp, conv"):
        reference.history("cnn")


def test_borrow_takes_what_the_student_wrote(course, capsys):
    from vaelab.borrow import borrow

    course(
        "02_vae", ["import math", "scale = 3", "raise SystemExit", "def make_vae(x):\n    return scale * math.floor(x)"]
    )
    assert borrow("02_vae", "make_vae")(2.5) == 6
    assert "your notebook" in capsys.readouterr().out


def test_borrow_brings_what_the_function_uses_and_runs_nothing_else(course):
    from vaelab.borrow import borrow

    course(
        "02_vae",
        [
            "import math\nfloor = lambda x: math.floor(x) + offset",
            "offset = max(1, 2)",
            "boom = 1 / 0\nvae = make_vae(3)",
            "%time 1\nclass Model:\n    def of(self, x):\n        vae = 3\n        return vae * floor(x)",
            "model = Model()\nprint(model.of(1))\n\ndef make_vae(x):\n    boom = 1\n    return model.of(x)",
        ],
    )
    assert borrow("02_vae", "make_vae")(2.5) == 12


def test_borrowed_code_can_be_read_by_autograph(course, recwarn):
    from vaelab.borrow import borrow

    course("02_vae", ["import tensorflow as tf", "def make_vae(x):\n    if x > 0:\n        return x\n    return -x"])
    function = borrow("02_vae", "make_vae")
    assert inspect.getsource(function).startswith("def make_vae(x):")
    assert float(tf.function(function)(tf.constant(-2.0))) == 2  # a condition on a tensor needs the source


def test_borrow_falls_back_to_the_solutions(course, capsys):
    from vaelab.borrow import borrow

    course("02_vae", ["def make_vae(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"])
    course("02_vae", ["def make_vae(x):\n    return 42"], folder="solutions")
    assert borrow("02_vae", "make_vae")(0) == 42
    assert "solutions" in capsys.readouterr().out


@pytest.mark.parametrize("cells", [None, [], ["def make_vae(x:"], ["import no_such_module\ndef make_vae(): pass"]])
def test_borrow_explains_when_there_is_nothing_to_take(course, cells):
    from vaelab.borrow import borrow

    if cells is not None:
        course("02_vae", cells)
    with pytest.raises(NotImplementedError, match="02_vae"):
        borrow("02_vae", "make_vae")()


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A place like course/03_conv_vae, and a function that puts notebooks next door."""
    here = tmp_path / "course" / "03_conv_vae"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)

    def write(assignment, sources, folder="course"):
        path = tmp_path / folder / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True)
        cells = [{"cell_type": "code", "source": source.splitlines(True)} for source in sources]
        path.write_text(json.dumps({"cells": cells}), encoding="utf-8")

    return write


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot keep a process on one core")
def test_gradients_of_strided_projections_survive_on_a_single_core():
    """With one thread to compute, oneDNN destroys memory in them; `vaelab.quiet` therefore asks for two."""
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import vaelab.quiet
import tensorflow as tf
images, kernel = tf.random.normal((8, 28, 28, 1)), tf.Variable(tf.random.normal((1, 1, 1, 16)))
for _ in range(20):
    with tf.GradientTape() as tape:
        projected = tf.reduce_sum(tf.nn.conv2d(images, kernel, 2, "SAME") ** 2)
    tape.gradient(projected, kernel)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
